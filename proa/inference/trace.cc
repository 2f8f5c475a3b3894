#include "proa/inference/trace.h"

#include <unistd.h>

#include "proa/base/str.h"
#include "proa/runtime/watch.h"

namespace proa::inference {

// Source: Google, "Trace Event Format", complete events ("ph": "X"), in microseconds.
std::string take_trace() {
  constexpr std::string_view kKinds[] = {"call", "kernel", "part", "user"};
  std::string text = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
  std::string_view comma = "\n";
  auto process = static_cast<int64_t>(getpid());
  for (const runtime::Event& event : runtime::take_events()) {
    text += str(comma, "{\"ph\": \"X\", \"pid\": ", process, ", \"tid\": ", event.thread,
                ", \"cat\": \"", kKinds[static_cast<size_t>(event.kind)],
                "\", \"name\": ", runtime::json_text(event.name),
                ", \"ts\": ", static_cast<double>(event.begin) / 1e3,
                ", \"dur\": ", static_cast<double>(event.end - event.begin) / 1e3,
                ", \"args\": {\"flops\": ", event.flops, ", \"bytes\": ", event.bytes,
                ", \"line\": ", runtime::json_text(event.location), "}}");
    comma = ",\n";
  }
  return text + "\n]}\n";
}

}  // namespace proa::inference
