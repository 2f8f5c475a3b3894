// proa-predict: runs a saved model on .npy files.
// Why: a model is tried, timed and put into a shell's pipe without a line of code.

#include <getopt.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/base/str.h"
#include "proa/base/thread_pool.h"
#include "proa/inference/describe.h"
#include "proa/inference/predictor.h"
#include "proa/inference/sizes.h"
#include "proa/inference/trace.h"
#include "proa/program/npy.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/watch.h"

namespace proa {
namespace {

constexpr const char* kHelp = R"(proa-predict MODEL.proa [OPTION...]

Runs a saved model on .npy files and writes its results as .npy files.

  --input [NAME=]FILE     an input; without a name, the next one in the model's order
  --output [NAME=]FILE    where a result goes; without a name, the next one in the model's order
  --info                  print what the model is (as proa-info does), and run only if inputs are given
  --bench[=SECONDS]       run again and again for that long (1), then print the times of a run;
                          inputs that are not given are zeros
  --size NAME=N           sizes of inputs that are not given, for --bench and --info
  --profile FILE          write a trace of the runs for Chrome's viewer (chrome://tracing)
  --threads N             of a run, at most (0: as many as this process may use)
  --memory-limit BYTES    that a run takes for what it computes
  --allow-native-code     run machine code, or compile C text, that the file holds
  --compiler PATH         the plug-in that compiles kernels; empty: none
  --no-verify             do not compare the file with its checksums
  --help

Status: 0 done; 1 the model, an input or a file was refused; 2 the command line is wrong; 3 a fault
of Proa.
)";

struct UsageError {
  std::string text;
};

struct Named {
  std::string name, file;  // name: may be empty
};

struct Command {
  inference::Config config;
  std::vector<Named> inputs, outputs;
  inference::Sizes sizes;
  std::string profile;
  bool info = false, bench = false, help = false;
  double seconds = 1;
};

int64_t number(const char* option, const char* text) {
  char* end = nullptr;
  errno = 0;
  long long value = std::strtoll(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0)
    throw UsageError{str("--", option, ": expected a whole number, got '", text, "'")};
  return value;
}

Named named(const char* text) {
  const char* equal = std::strchr(text, '=');
  if (equal == nullptr) return {"", text};
  return {std::string(text, equal), equal + 1};
}

Command parse(int count, char** words) {
  enum {
    kInput = 256,
    kOutput,
    kInfo,
    kBench,
    kSize,
    kProfile,
    kThreads,
    kLimit,
    kNative,
    kCompiler,
    kNoVerify,
    kHelpOption
  };
  static const option kOptions[] = {{"input", required_argument, nullptr, kInput},
                                    {"output", required_argument, nullptr, kOutput},
                                    {"info", no_argument, nullptr, kInfo},
                                    {"bench", optional_argument, nullptr, kBench},
                                    {"size", required_argument, nullptr, kSize},
                                    {"profile", required_argument, nullptr, kProfile},
                                    {"threads", required_argument, nullptr, kThreads},
                                    {"memory-limit", required_argument, nullptr, kLimit},
                                    {"allow-native-code", no_argument, nullptr, kNative},
                                    {"compiler", required_argument, nullptr, kCompiler},
                                    {"no-verify", no_argument, nullptr, kNoVerify},
                                    {"help", no_argument, nullptr, kHelpOption},
                                    {}};
  Command command;
  for (int c; (c = getopt_long(count, words, "h", kOptions, nullptr)) != -1;) {
    switch (c) {
      case kInput: command.inputs.push_back(named(optarg)); break;
      case kOutput: command.outputs.push_back(named(optarg)); break;
      case kInfo: command.info = true; break;
      case kBench:
        command.bench = true;
        if (optarg != nullptr) {
          char* end = nullptr;
          command.seconds = std::strtod(optarg, &end);
          if (end == optarg || *end != '\0' || !(command.seconds > 0 && command.seconds < 1e6))
            throw UsageError{str("--bench: expected a number of seconds, got '", optarg, "'")};
        }
        break;
      case kSize: {
        Named size = named(optarg);
        if (size.name.empty()) throw UsageError{str("--size: expected NAME=N, got '", optarg, "'")};
        command.sizes.emplace_back(size.name, number("size", size.file.c_str()));
        break;
      }
      case kProfile:
        command.profile = optarg;
        command.config.profile = true;
        break;
      case kThreads:
        command.config.threads =
            static_cast<int>(std::clamp<int64_t>(number("threads", optarg), -1, kMaxThreads + 1));
        break;
      case kLimit: command.config.memory_limit = number("memory-limit", optarg); break;
      case kNative: command.config.allow_native_code = true; break;
      case kCompiler:
        command.config.compiler = optarg;
        command.config.allow_compiler = *optarg != '\0';
        break;
      case kNoVerify: command.config.verify = false; break;
      case 'h':
      case kHelpOption: command.help = true; return command;
      default: throw UsageError{""};
    }
  }
  if (optind + 1 != count) throw UsageError{str("expected one model, got ", count - optind)};
  command.config.model = words[optind];
  if (command.inputs.empty() && !command.info && !command.bench)
    throw UsageError{"expected --input, --bench or --info"};
  return command;
}

// By name, or the next one in the model's order.
std::vector<size_t> places(const std::vector<Named>& files, size_t count, const char* option,
                           auto&& find) {
  std::vector<size_t> places;
  size_t next = 0;
  for (const Named& file : files) {
    size_t place = file.name.empty() ? next++ : find(file.name);
    if (place >= count)
      throw UsageError{str("--", option, ": the model has ", count, ", got one more: ", file.file)};
    if (std::ranges::find(places, place) != places.end())
      throw UsageError{str("--", option, ": ", file.file, " is for one that was given already")};
    places.push_back(place);
  }
  return places;
}

std::string microseconds(int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f us", static_cast<double>(ns) / 1e3);
  return text;
}

void bench(inference::Predictor& predictor, double seconds) {
  predictor.run();  // plans and pages
  std::vector<int64_t> times;
  int64_t end = runtime::now_ns() + static_cast<int64_t>(seconds * 1e9);
  constexpr size_t kMost = 1'000'000;
  while (times.size() < 5 || (runtime::now_ns() < end && times.size() < kMost)) {
    predictor.run();
    times.push_back(predictor.statistics().last_ns);
  }
  std::ranges::sort(times);
  auto at = [&](double share) {
    return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
  };
  const inference::Kernels& kernels = predictor.kernels();
  std::printf("%zu runs: least %s, median %s, 99 of 100 within %s, most %s\n", times.size(),
              microseconds(at(0)).c_str(), microseconds(at(0.5)).c_str(),
              microseconds(at(0.99)).c_str(), microseconds(at(1)).c_str());
  std::printf("memory of a run: %s; model opened in %s\n",
              runtime::memory_text(predictor.statistics().peak_bytes).c_str(),
              microseconds(predictor.engine().load_ns()).c_str());
  if (kernels.compiled) {
    std::printf("compiled kernels: %" PRId64 " of the file, %" PRId64 " made here\n",
                kernels.stored, kernels.made);
  } else {
    std::printf("prebuilt kernels: %s\n", kernels.reason.c_str());
  }
}

using Zeros = std::unique_ptr<std::byte, decltype(&std::free)>;

// Asked of the system as zeros, so that pages are made only as they are read.
Zeros make_zeros(const std::string& input, int64_t bytes) {
  Zeros zeros(static_cast<std::byte*>(std::calloc(static_cast<size_t>(bytes) + 1, 1)), &std::free);
  if (!zeros) {
    throw UserError(ErrorKind::memory,
                    str("no memory for ", bytes, " bytes of zeros for input '", input, "'"));
  }
  return zeros;
}

int run(int count, char** words) {
  Command command = parse(count, words);
  if (command.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  inference::Predictor predictor(command.config);
  const program::Package& package = predictor.engine().package();
  if (command.info) {
    std::fputs(inference::describe(package, command.config.model, command.sizes).c_str(), stdout);
    if (command.inputs.empty() && !command.bench) return 0;
  }
  auto into = places(command.inputs, predictor.inputs().size(), "input",
                     [&](const std::string& name) { return predictor.input_index(name); });
  auto out_of = places(command.outputs, predictor.outputs().size(), "output",
                       [&](const std::string& name) { return predictor.output_index(name); });
  std::vector<program::NpyArray> arrays;
  for (size_t i = 0; i < into.size(); ++i) {
    arrays.push_back(program::read_npy(command.inputs[i].file));
    predictor.set_input(into[i], {arrays[i].bytes.data(), arrays[i].dtype, arrays[i].dims});
  }
  if (command.bench) {
    std::vector<int64_t> values = inference::values_of(package, command.sizes, "--size");
    for (size_t i = 0; i < predictor.inputs().size(); ++i) {
      if (std::ranges::find(into, i) != into.end()) continue;
      std::vector<int64_t> dims = inference::dims_of(predictor.inputs()[i], values);
      DType dtype = predictor.inputs()[i].dtype;
      Zeros zeros = make_zeros(predictor.inputs()[i].name, runtime::tensor_bytes(dims, dtype));
      predictor.copy_input(i, {zeros.get(), dtype, dims});
    }
    bench(predictor, command.seconds);
  } else {
    predictor.run();
  }
  for (size_t i = 0; i < out_of.size(); ++i) {
    const runtime::Array& result = predictor.output(out_of[i]);
    auto bytes = static_cast<size_t>(runtime::tensor_bytes(result.dims, result.dtype));
    program::write_npy(command.outputs[i].file, result.dtype, result.dims,
                       std::as_bytes(std::span(result.data, bytes)));
  }
  if (command.outputs.empty() && !command.bench) {
    for (size_t i = 0; i < predictor.outputs().size(); ++i) {
      const runtime::Array& result = predictor.output(i);
      std::printf("%s: %s%s\n", predictor.outputs()[i].name.c_str(),
                  std::string(to_string(result.dtype)).c_str(), list_str(result.dims).c_str());
    }
  }
  if (!command.profile.empty()) {
    std::string trace = inference::take_trace();
    std::span<const std::byte> piece = std::as_bytes(std::span(trace));
    write_file(command.profile, {&piece, 1});
  }
  return 0;
}

}  // namespace
}  // namespace proa

int main(int count, char** words) {
  try {
    return proa::run(count, words);
  } catch (const proa::UsageError& error) {
    if (!error.text.empty()) std::fprintf(stderr, "proa-predict: %s\n", error.text.c_str());
    std::fputs("see proa-predict --help\n", stderr);
    return 2;
  } catch (const proa::UserError& error) {
    std::fprintf(stderr, "proa-predict: %s\n", error.what());
    return 1;
  } catch (const std::bad_alloc&) {
    std::fputs("proa-predict: there is no memory for it\n", stderr);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "proa-predict: a fault of Proa: %s\n", error.what());
    return 3;
  }
}
