#include "proa/compiler/jit/clang/plugin.h"

#include <clang/Basic/DiagnosticOptions.h>
#include <clang/CodeGen/CodeGenAction.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <mutex>

namespace {

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
}

// What the front end is told. No contraction, no errno, no library: a kernel has one meaning and
// names nothing outside.
const char* const kArguments[] = {
    "-triple",
    "x86_64-unknown-linux-gnu",
    "-emit-obj",
    "-std=gnu11",
    "-O2",
    "-target-feature",  // slower than loads, where they are there
    "+prefer-no-gather",
    "-target-feature",
    "+prefer-no-scatter",
    "-vectorize-loops",
    "-vectorize-slp",
    "-ffp-contract=off",
    "-ffreestanding",
    "-fno-builtin",
    "-mprefer-vector-width=512",  // left alone it takes half of AVX-512
    "-mrelocation-model",
    "pic",
    "-pic-level",
    "2",
    "-mframe-pointer=none",
    "-discard-value-names",    // nobody reads the IR
    "-disable-llvm-verifier",  // what clang makes of C is well formed
    "-fno-caret-diagnostics",
    "-Wno-pass-failed",
    "-w",
    "-x",
    "c",
    "kernel.c"};

}  // namespace

extern "C" __attribute__((visibility("default"))) int proa_compile_c(
    const char* text, size_t size, const char* processor,
    void (*object)(void* user, const void* bytes, size_t size),
    void (*error)(void* user, const char* message), void* user) {
  initialise();
  std::string said;
  llvm::raw_string_ostream messages(said);
  llvm::IntrusiveRefCntPtr<clang::DiagnosticOptions> options(new clang::DiagnosticOptions);
  auto* printer = new clang::TextDiagnosticPrinter(messages, options.get());
  llvm::IntrusiveRefCntPtr<clang::DiagnosticsEngine> diagnostics(new clang::DiagnosticsEngine(
      llvm::IntrusiveRefCntPtr<clang::DiagnosticIDs>(new clang::DiagnosticIDs), options, printer));

  std::vector<const char*> arguments{"-target-cpu", processor};
  arguments.insert(arguments.end(), std::begin(kArguments), std::end(kArguments));
  auto invocation = std::make_shared<clang::CompilerInvocation>();
  bool good = clang::CompilerInvocation::CreateFromArgs(*invocation, arguments, *diagnostics);
  invocation->getPreprocessorOpts().addRemappedFile(
      "kernel.c", llvm::MemoryBuffer::getMemBufferCopy({text, size}, "kernel.c").release());

  llvm::SmallVector<char, 0> bytes;
  if (good) {
    clang::CompilerInstance compiler;
    compiler.setInvocation(invocation);
    compiler.setDiagnostics(diagnostics.get());
    compiler.setOutputStream(std::make_unique<llvm::raw_svector_ostream>(bytes));
    clang::EmitObjAction action;  // with an LLVM context of its own
    good = compiler.ExecuteAction(action) && !diagnostics->hasErrorOccurred();
  }
  if (!good) {
    messages.flush();
    error(user, said.empty() ? "the compiler failed without a word" : said.c_str());
    return 1;
  }
  object(user, bytes.data(), bytes.size());
  return 0;
}
