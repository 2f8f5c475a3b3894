// proa-info: what a saved model is: inputs, outputs, size, operations, memory.
// Why: whoever gets a file wants to know what to feed it, and what it will take, before running it.

#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "proa/base/error.h"
#include "proa/inference/describe.h"

namespace proa {
namespace {

constexpr const char* kHelp = R"(proa-info [OPTION...] MODEL.proa

Prints inputs, outputs, sizes, operations and the memory that a run is planned to take.

  --size NAME=N   the plan is made for this size; others have their least one; may be given again
  --no-verify     do not compare the file with its checksums
  --help

Status: 0 done; 1 the file was refused; 2 the command line is wrong; 3 a fault of Proa.
)";

int run(int count, char** words) {
  static const option kOptions[] = {{"size", required_argument, nullptr, 's'},
                                    {"no-verify", no_argument, nullptr, 'n'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {}};
  inference::Sizes sizes;
  bool verify = true;
  for (int c; (c = getopt_long(count, words, "h", kOptions, nullptr)) != -1;) {
    switch (c) {
      case 's': {
        std::string text = optarg;
        size_t equal = text.find('=');
        char* end = nullptr;
        long long value =
            equal == std::string::npos ? 0 : std::strtoll(text.c_str() + equal + 1, &end, 10);
        if (end == nullptr || end == text.c_str() + equal + 1 || *end != '\0') {
          std::fprintf(stderr, "proa-info: --size: expected NAME=N, got '%s'\n", optarg);
          return 2;
        }
        sizes.emplace_back(text.substr(0, equal), value);
        break;
      }
      case 'n': verify = false; break;
      case 'h': std::fputs(kHelp, stdout); return 0;
      default: std::fputs("see proa-info --help\n", stderr); return 2;
    }
  }
  if (optind + 1 != count) {
    std::fprintf(stderr, "proa-info: expected one file, got %d; see proa-info --help\n",
                 count - optind);
    return 2;
  }
  auto package = program::Package::open(words[optind], verify);
  std::fputs(inference::describe(*package, words[optind], sizes).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace proa

int main(int count, char** words) {
  try {
    return proa::run(count, words);
  } catch (const proa::UserError& error) {
    std::fprintf(stderr, "proa-info: %s\n", error.what());
    return 1;
  } catch (const std::bad_alloc&) {
    std::fputs("proa-info: there is no memory for it\n", stderr);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "proa-info: a fault of Proa: %s\n", error.what());
    return 3;
  }
}
