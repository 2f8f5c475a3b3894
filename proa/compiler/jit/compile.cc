#include "proa/compiler/jit/compile.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/compiler/jit/clang/plugin.h"

extern char** environ;

namespace proa::compiler::jit {

namespace {

constexpr std::string_view kWide = "x86-64-v4";  // with AVX-512
constexpr const char* kPlugin = "proa_clang.so";

struct Found {
  std::string plugin;   // that clang is to be loaded from, if there is one
  std::string command;  // of the C compiler
  std::string reason;   // why nothing can be compiled
};

// Beside the binary that holds this code or in a folder above it (a build has its tests in folders
// of their own), or where PROA_CLANG_PLUGIN says.
std::string plugin_path() {
  if (const char* given = std::getenv("PROA_CLANG_PLUGIN")) return given;
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&plugin_path), &info) == 0) return kPlugin;
  std::string folder = info.dli_fname;
  for (int up = 0; up < 3; ++up) {
    size_t slash = folder.rfind('/');
    if (slash == std::string::npos) break;
    folder.resize(slash);
    std::string file = str(folder, "/", kPlugin);
    if (access(file.c_str(), R_OK) == 0) return file;
  }
  return kPlugin;
}

std::string on_path(std::string_view command) {
  if (command.find('/') != std::string_view::npos) return std::string(command);
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    size_t end = rest.find(':');
    std::string file = str(rest.substr(0, end), "/", command);
    if (access(file.c_str(), X_OK) == 0) return file;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return "";
}

Found look() {
  Found found;
  // For tests and for trouble.
  std::string_view only = environment_word("PROA_JIT", {"clang", "cc", "none"});
  if (only == "none") {
    found.reason = "PROA_JIT=none";
    return found;
  }
  if (only != "cc") {
    found.plugin = plugin_path();
    bool searched = found.plugin.find('/') == std::string::npos;  // as the loader does
    if (!searched && access(found.plugin.c_str(), R_OK) != 0) {
      found.reason = str(found.plugin, ": ", std::strerror(errno));
      found.plugin.clear();
    }
  }
  if (only == "clang") return found;
  const char* compiler = std::getenv("CC");
  found.command = on_path(compiler != nullptr && *compiler != 0 ? compiler : "cc");
  return found;
}

const Found& found() {
  static const Found once = look();
  return once;
}

std::atomic<bool> clang_fails = false;  // known once it was tried

// Loaded when the first kernel is compiled: 200 MB that kernels from the disk do without.
struct Clang {
  proa_compile_fn compile = nullptr;
  std::string reason;
};

Clang load() {
  Clang clang;
  // Local: no symbol of LLVM may meet another copy of it in this process.
  void* library = dlopen(found().plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = library != nullptr ? dlsym(library, PROA_COMPILE_SYMBOL) : nullptr;
  if (entry != nullptr) {
    clang.compile = reinterpret_cast<proa_compile_fn>(entry);
    return clang;
  }
  clang_fails = true;
  const char* reason = dlerror();
  clang.reason = reason != nullptr ? reason : str(found().plugin, " has no ", PROA_COMPILE_SYMBOL);
  return clang;
}

const Clang& clang() {
  static const Clang once = load();
  return once;
}

struct Answer {
  std::vector<std::byte> object;
  std::string error;
};

std::vector<std::byte> with_clang(std::string_view text, const std::string& processor) {
  Answer answer;
  auto object = [](void* user, const void* bytes, size_t size) {
    auto* first = static_cast<const std::byte*>(bytes);
    static_cast<Answer*>(user)->object.assign(first, first + size);
  };
  auto error = [](void* user, const char* message) { static_cast<Answer*>(user)->error = message; };
  if (clang().compile(text.data(), text.size(), processor.c_str(), object, error, &answer) != 0) {
    throw InternalError(str("clang refused a kernel: ", answer.error));
  }
  return std::move(answer.object);
}

std::vector<std::byte> read_file(int file) {
  std::vector<std::byte> bytes;
  std::byte buffer[16384];
  lseek(file, 0, SEEK_SET);
  for (ssize_t n; (n = read(file, buffer, sizeof buffer)) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + n);
  }
  return bytes;
}

std::string temporary_name() {
  const char* folder = std::getenv("TMPDIR");
  return str(folder != nullptr && *folder != 0 ? folder : P_tmpdir, "/proa-kernel-XXXXXX");
}

// A temporary file that is gone with this object.
struct Temporary {
  std::string name = temporary_name();
  const char* path = name.c_str();
  int file = -1;
  Temporary() : file(mkstemp(name.data())) {
    if (file < 0) throw UserError(ErrorKind::io, str("no temporary file: ", std::strerror(errno)));
  }
  ~Temporary() {
    close(file);
    unlink(path);
  }
};

std::vector<std::byte> with_process(std::string_view text, const std::string& processor) {
  Temporary source, object, messages;
  for (size_t done = 0; done < text.size();) {
    ssize_t n = write(source.file, text.data() + done, text.size() - done);
    if (n <= 0) throw UserError(ErrorKind::io, "a kernel's text cannot be written");
    done += static_cast<size_t>(n);
  }
  const std::string &command = found().command, machine = str("-march=", processor);
  const char* words[] = {
      command.c_str(), "-x", "c", "-std=gnu11",
      "-O3",  // at -O2 GCC leaves loops of unknown length to scalar code
      machine.c_str(), "-mprefer-vector-width=512", "-ffp-contract=off",
      "-fno-math-errno",  // but traps are left in: without them GCC makes
                          // (float)(int)x a truncation, which keeps -0
      "-ffreestanding", "-fno-builtin", "-fno-tree-loop-distribute-patterns",
      "-fno-tree-slp-vectorize",  // with it GCC 12 loses (double)(float)x of pairs
      "-fno-stack-protector", "-fPIC", "-w", "-c", source.path, "-o", object.path, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, messages.file, 1);
  posix_spawn_file_actions_adddup2(&actions, messages.file, 2);
  pid_t child = 0;
  int failed = posix_spawn(&child, command.c_str(), &actions, nullptr,
                           const_cast<char* const*>(words), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    throw UserError(ErrorKind::not_supported, str(command, ": ", std::strerror(failed)));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::vector<std::byte> said = read_file(messages.file);
    throw InternalError(str(command, " refused a kernel: ",
                            std::string_view(reinterpret_cast<char*>(said.data()), said.size())));
  }
  // The compiler may have put a new file in the place of ours.
  int file = ::open(object.path, O_RDONLY | O_CLOEXEC);
  if (file < 0) throw UserError(ErrorKind::io, str(object.path, ": ", std::strerror(errno)));
  std::vector<std::byte> bytes = read_file(file);
  close(file);
  return bytes;
}

}  // namespace

Maker maker() {
  if (!processor_fits()) return Maker::none;
  if (!found().plugin.empty() && !clang_fails) return Maker::clang;
  return found().command.empty() ? Maker::none : Maker::process;
}

std::string_view to_string(Maker maker) {
  switch (maker) {
    case Maker::clang: return "clang in process";
    case Maker::process: return "C compiler as a process";
    case Maker::none: break;
  }
  return "none";
}

bool processor_fits() {
#if defined(__x86_64__)
  static const bool fits = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                           __builtin_cpu_supports("bmi2");
  return fits;
#else
  return false;
#endif
}

std::string_view processor() {
  static const std::string_view chosen = [] {
    std::string_view name = environment_word("PROA_PROCESSOR", {kAnyProcessor, kWide});
    bool wide = false;
#if defined(__x86_64__)
    wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#endif
    return wide && name != kAnyProcessor ? kWide : kAnyProcessor;
  }();
  return chosen;
}

std::vector<std::byte> compile(std::string_view text, std::string_view processor) {
  std::string reason = found().reason, machine(processor);
  if (maker() == Maker::clang) {
    if (clang().compile != nullptr) return with_clang(text, machine);
    reason = clang().reason;
  }
  if (maker() == Maker::process) return with_process(text, machine);
  if (!processor_fits()) reason = "the processor is older than x86-64-v3";
  throw UserError(ErrorKind::not_supported, str("kernels cannot be compiled here: ", reason));
}

std::string fingerprint(std::string_view processor) {
  return str(to_string(maker()), " ", processor, " 6");
}

}  // namespace proa::compiler::jit
