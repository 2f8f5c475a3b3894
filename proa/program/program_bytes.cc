// Programs as bytes. Numbers are LEB128; texts that come again and again go by number.

#include <map>

#include "proa/base/error.h"
#include "proa/program/package_format.h"
#include "proa/program/verify.h"

namespace proa::program {

uint64_t ProgramTables::number(const Constant& constant) {
  for (size_t i = 0; i < constants.size(); ++i) {
    const Constant& c = constants[i];
    if (c.bytes == constant.bytes && c.size == constant.size && c.dtype == constant.dtype &&
        c.dims == constant.dims) {
      return i;
    }
  }
  constants.push_back(constant);
  return constants.size() - 1;
}

uint64_t ProgramTables::number(const KernelText& kernel) {
  for (size_t i = 0; i < kernels.size(); ++i) {
    if (kernels[i].name != kernel.name) continue;
    PROA_CHECK(kernels[i].text == kernel.text, "two kernels are named ", kernel.name);
    return i;
  }
  kernels.push_back(kernel);
  return kernels.size() - 1;
}

namespace {

// A word that an element of a list takes at least; so no list is longer than the file.
constexpr size_t kInstructionBytes = 17;

class Writer {
 public:
  Writer(ByteWriter& out, ProgramTables& tables) : out_(out), tables_(tables) {}

  void run(std::span<const std::shared_ptr<const Program>> programs) {
    for (const auto& program : programs) collect(*program);
    ByteWriter body;
    std::swap(body, out_);
    for (const Program* program : order_) write(*program);
    std::swap(body, out_);
    out_.natural(texts_.size());
    for (const std::string* text : texts_) out_.text(*text);
    out_.natural(order_.size());
    out_.raw(body.bytes());
    for (const auto& program : programs) out_.natural(numbers_.at(program.get()));
  }

 private:
  // Ours come from the emitter, which nests them as deep as the user's loops.
  void collect(const Program& program) {
    for (const Instruction& code : program.code) {
      for (const auto& body : code.programs) collect(*body);
    }
    PROA_CHECK(numbers_.try_emplace(&program, order_.size()).second, "a program nested twice");
    order_.push_back(&program);
  }

  void text(const std::string& value) {
    auto [at, fresh] = text_numbers_.try_emplace(value, texts_.size());
    if (fresh) texts_.push_back(&at->first);
    out_.natural(at->second);
  }

  template <class List>
  void integers(const List& list) {
    out_.natural(list.size());
    for (auto value : list) out_.integer(value);
  }
  void pairs(const std::vector<std::pair<int32_t, int32_t>>& list) {
    out_.natural(list.size());
    for (auto [first, second] : list) {
      out_.integer(first);
      out_.integer(second);
    }
  }

  void dims(const DimProgram& program) {
    out_.natural(program.inputs);
    integers(program.constants);
    out_.natural(program.code.size());
    for (const DimInstruction& code : program.code) {
      out_.byte(static_cast<uint8_t>(code.op));
      for (uint32_t value : {code.a, code.b, code.c}) out_.natural(value);
    }
    integers(program.outputs);
  }

  void instruction(const Program& program, const Instruction& code) {
    out_.byte(static_cast<uint8_t>(code.kind));
    out_.byte(static_cast<uint8_t>(code.view));
    text(code.name);
    integers(code.in);
    integers(code.out);
    integers(code.words);
    integers(code.offsets);
    pairs(code.patches);
    out_.natural(code.programs.size());
    for (const auto& body : code.programs) out_.natural(numbers_.at(body.get()));
    integers(code.release);
    pairs(code.in_place);
    text(code.location);
    text(code.operations);
    bool compiled = code.kind == InstructionKind::compiled;
    out_.natural(compiled ? tables_.number(program.kernels[static_cast<size_t>(code.kernel)]) : 0);
    out_.integer(code.flops);
    out_.integer(code.symbol);
    out_.integer(code.carries);
    out_.integer(code.scanned);
    out_.integer(code.low);
    out_.integer(code.high);
  }

  void write(const Program& program) {
    out_.natural(program.slots.size());
    for (const Slot& slot : program.slots) {
      out_.byte(static_cast<uint8_t>(slot.dtype));
      integers(slot.dims);
    }
    integers(program.inputs);
    integers(program.outputs);
    pairs(program.terms.donated);
    out_.natural(program.constants.size());
    for (const Constant& constant : program.constants) {
      out_.integer(constant.slot);
      out_.natural(tables_.number(constant));
    }
    out_.natural(program.symbols.size());
    for (size_t i = 0; i < program.symbols.size(); ++i) {
      text(program.symbols[i]);
      out_.integer(program.sources[i].input);
      out_.integer(program.sources[i].axis);
    }
    out_.flag(program.is_static);
    integers(program.dims);
    out_.natural(program.stages.size());
    for (const Program::Stage& stage : program.stages) {
      dims(stage.dims);
      out_.natural(stage.guards.size());
      for (const std::string& guard : stage.guards) text(guard);
    }
    dims(program.flops);
    out_.natural(program.code.size());
    for (const Instruction& code : program.code) instruction(program, code);
  }

  ByteWriter& out_;
  ProgramTables& tables_;
  std::vector<const Program*> order_;
  std::map<const Program*, size_t> numbers_;
  std::vector<const std::string*> texts_;
  std::map<std::string, size_t> text_numbers_;
};

class Reader {
 public:
  Reader(ByteReader& in, const ProgramTables& tables) : in_(in), tables_(tables) {}

  std::vector<std::shared_ptr<const Program>> run(size_t wanted) {
    texts_.resize(in_.count());
    for (std::string_view& text : texts_) text = in_.text();
    size_t count = in_.count(8);
    for (size_t i = 0; i < count; ++i) programs_.push_back(read());
    std::vector<std::shared_ptr<const Program>> result;
    for (size_t i = 0; i < wanted; ++i) {
      result.push_back(taken(in_.index(programs_.size(), "programs")));
      verify(*result.back(), in_.source());
    }
    for (const auto& program : programs_) {
      if (program) in_.fail("a program that nothing runs");
    }
    return result;
  }

 private:
  std::string text() { return copy(texts_[in_.index(texts_.size(), "texts")]); }

  // A text is stored once and may be named by every instruction; a short file must not become much
  // memory.
  std::string copy(std::string_view text) {
    copied_ += text.size();
    if (copied_ > kMostText) in_.fail(str("texts of more than ", kMostText, " bytes"));
    return std::string(text);
  }

  int32_t kernel(Program& program, size_t number) {
    const KernelText& kernel = tables_.kernels[number];
    for (size_t i = 0; i < program.kernels.size(); ++i) {
      if (program.kernels[i].name == kernel.name) return static_cast<int32_t>(i);
    }
    program.kernels.push_back({copy(kernel.name), copy(kernel.text)});
    return static_cast<int32_t>(program.kernels.size() - 1);
  }

  template <class T>
  void integers(std::vector<T>& list) {
    list.resize(in_.count());
    for (T& value : list) {
      if constexpr (sizeof(T) == 8) {
        value = in_.integer();
      } else if constexpr (std::is_signed_v<T>) {
        value = in_.int32();
      } else {
        int64_t wide = in_.integer();
        if (wide < 0 || wide > UINT32_MAX) in_.fail(str(wide, " is no register"));
        value = static_cast<T>(wide);
      }
    }
  }
  void pairs(std::vector<std::pair<int32_t, int32_t>>& list) {
    list.resize(in_.count(2));
    for (auto& [first, second] : list) {
      first = in_.int32();
      second = in_.int32();
    }
  }

  uint32_t natural32() {
    uint64_t value = in_.natural();
    if (value > UINT32_MAX) in_.fail(str(value, " does not fit 32 bits"));
    return static_cast<uint32_t>(value);
  }

  void dims(DimProgram& program) {
    // The inputs are registers: a frame of them is made for each call.
    program.inputs = natural32();
    if (program.inputs > kMostSymbols) in_.fail(str(program.inputs, " symbols"));
    integers(program.constants);
    program.code.resize(in_.count(4));
    for (DimInstruction& code : program.code) {
      code.op = static_cast<DimOp>(in_.index(kDimOps, "instructions on sizes"));
      code.a = natural32();
      code.b = natural32();
      code.c = natural32();
    }
    integers(program.outputs);
  }

  // A program is run in one place only: else a short file would make a tree of any size.
  std::shared_ptr<Program> taken(size_t number) {
    if (!programs_[number]) in_.fail(str("program ", number, " is run in two places"));
    return std::move(programs_[number]);
  }

  Instruction instruction(Program& program) {
    Instruction code;
    code.kind = static_cast<InstructionKind>(
        in_.index(static_cast<size_t>(InstructionKind::assert_) + 1, "kinds of instructions"));
    code.view = static_cast<ViewKind>(
        in_.index(static_cast<size_t>(ViewKind::reverse) + 1, "kinds of views"));
    code.name = text();
    integers(code.in);
    integers(code.out);
    integers(code.words);
    integers(code.offsets);
    pairs(code.patches);
    code.programs.resize(in_.count());
    for (auto& body : code.programs) body = taken(in_.index(programs_.size(), "programs"));
    integers(code.release);
    pairs(code.in_place);
    code.location = text();
    code.operations = text();
    size_t kernel = static_cast<size_t>(in_.natural());
    if (code.kind == InstructionKind::compiled) {
      if (kernel >= tables_.kernels.size()) in_.fail(str("there is no kernel ", kernel));
      code.kernel = this->kernel(program, kernel);
    } else if (kernel != 0) {
      in_.fail("a kernel in an instruction that runs none");
    }
    code.flops = in_.int32();
    code.symbol = in_.int32();
    code.carries = in_.int32();
    code.scanned = in_.int32();
    code.low = in_.integer();
    code.high = in_.integer();
    return code;
  }

  std::shared_ptr<Program> read() {
    auto made = std::make_shared<Program>();
    Program& program = *made;
    program.slots.resize(in_.count(2));
    for (Slot& slot : program.slots) {
      slot.dtype = static_cast<DType>(in_.index(kDTypeCount, "dtypes"));
      integers(slot.dims);
    }
    integers(program.inputs);
    integers(program.outputs);
    pairs(program.terms.donated);
    size_t constants = in_.count(2);
    for (size_t i = 0; i < constants; ++i) {
      int32_t slot = in_.int32();
      Constant constant = tables_.constants.at(in_.index(tables_.constants.size(), "constants"));
      constant.slot = slot;
      program.constants.push_back(std::move(constant));
    }
    size_t symbols = in_.count(3);
    for (size_t i = 0; i < symbols; ++i) {
      program.symbols.push_back(text());
      SymbolSource& source = program.sources.emplace_back();
      source.input = in_.int32();
      source.axis = in_.int32();
    }
    program.is_static = in_.flag();
    integers(program.dims);
    program.stages.resize(in_.count(5));
    for (Program::Stage& stage : program.stages) {
      dims(stage.dims);
      stage.guards.resize(in_.count());
      for (std::string& guard : stage.guards) guard = text();
    }
    dims(program.flops);
    size_t count = in_.count(kInstructionBytes);
    program.code.reserve(count);
    for (size_t i = 0; i < count; ++i) program.code.push_back(instruction(program));
    return made;
  }

  static constexpr uint32_t kMostSymbols = 1 << 20;
  static constexpr size_t kMostText = size_t{1} << 28;

  ByteReader& in_;
  const ProgramTables& tables_;
  std::vector<std::string_view> texts_;
  std::vector<std::shared_ptr<Program>> programs_;
  size_t copied_ = 0;
};

}  // namespace

void write_programs(ByteWriter& out, std::span<const std::shared_ptr<const Program>> programs,
                    ProgramTables& tables) {
  Writer(out, tables).run(programs);
}

std::vector<std::shared_ptr<const Program>> read_programs(ByteReader& in, size_t count,
                                                          const ProgramTables& tables) {
  return Reader(in, tables).run(count);
}

}  // namespace proa::program
