// Every kernel states what it demands, and no call that breaks it reaches the kernel: programs of
// all samples run as a stranger's, first as they are, then with something changed. With the address
// sanitiser a contract that forgets something is a fault.
// PROA_SEED=n repeats a run; PROA_TRACE=1 says each case before it runs.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>

#include "../long.h"
#include "cases.h"
#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/compiler/emit/emit.h"
#include "proa/eager/call.h"
#include "proa/ir/builder.h"
#include "proa/ir/page.h"
#include "proa/kernels/register.h"
#include "proa/program/contract.h"
#include "proa/program/verify.h"
#include "proa/runtime/cpu/cpu_allocator.h"
#include "proa/runtime/executor.h"
#include "run_ir.h"

namespace proa::test {
namespace {

using program::Instruction;
using program::Program;
using runtime::Executable;

uint64_t seed_of_run() {
  const char* given = std::getenv("PROA_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 1;
}

// A forged program may have no end.
class Deadline {
 public:
  Deadline() {
    end_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    set_interrupt_check([] { return std::chrono::steady_clock::now() > end_; });
  }
  ~Deadline() { set_interrupt_check(nullptr); }

 private:
  static inline std::chrono::steady_clock::time_point end_;
};

std::shared_ptr<Program> copy_of(const Program& program) {
  auto copy = std::make_shared<Program>(program);
  for (Instruction& code : copy->code) {
    for (auto& body : code.programs) body = copy_of(*body);
  }
  return copy;
}

class Forger {
 public:
  explicit Forger(Random& random) : random_(random) { names_ = runtime::cpu_kernels().names(); }

  void change(Program& p) {
    if (p.code.empty()) return;
    Instruction& code = p.code[below(p.code.size())];
    if (!code.programs.empty() && below(2) == 0) {
      return change(*code.programs[below(code.programs.size())]);
    }
    switch (below(15)) {
      case 0:
      case 1:
      case 2:
        if (!code.words.empty()) code.words[below(code.words.size())] = odd();
        return;
      case 3:
        if (!p.dims.empty()) p.dims[below(p.dims.size())] = odd();
        return;
      case 4:
      case 12:
      case 13: {  // the shape of one slot alone
        program::Slot& slot = p.slots[below(p.slots.size())];
        if (slot.dims.empty() || below(6) == 0) {
          slot.dims.push_back(entry(p));
        } else if (below(4) == 0) {
          slot.dims.pop_back();
        } else {
          slot.dims[below(slot.dims.size())] = entry(p);
        }
        return;
      }
      case 5: p.slots[below(p.slots.size())].dtype = static_cast<DType>(below(kDTypeCount)); return;
      case 6:
      case 7:
        if (!code.in.empty()) code.in[below(code.in.size())] = slot(p);
        return;
      case 8:
        if (below(2) == 0) code.in.push_back(slot(p));
        else if (!code.in.empty()) code.in.pop_back();
        return;
      case 9:
        code.name = names_[below(names_.size())];
        if (below(4) == 0) code.kind = program::InstructionKind::kernel;
        return;
      case 10:
        if (!code.offsets.empty())
          code.offsets[below(code.offsets.size())] += below(2) == 0 ? 1 : -1;
        return;
      case 11: code.view = static_cast<program::ViewKind>(below(5)); return;
      default:
        if (!code.out.empty() && below(2) == 0) code.out.pop_back();
        else if (code.words.size() > 1) code.words.pop_back();
    }
  }

  // What a caller could give such an input; none where no memory holds it.
  std::optional<Array> input(const Program& p, int32_t number, const Array& first) {
    const program::Slot& slot = p.slots[static_cast<size_t>(number)];
    std::vector<int64_t> dims;
    for (int32_t dim : slot.dims) {
      if (dim < 0 || static_cast<size_t>(dim) >= p.dims.size()) return {};
      dims.push_back(p.dims[static_cast<size_t>(dim)]);
    }
    auto bytes = checked_bytes(dims, slot.dtype);
    if (!bytes || *bytes > 1 << 20) return {};
    if (first.dtype == slot.dtype && std::ranges::equal(first.dims, dims)) return first;
    Array made = Array::dense(dims, slot.dtype);
    bool small = slot.dtype == DType::i64 || slot.dtype == DType::i32;
    for (int64_t i = 0; i < *bytes; ++i) {
      made.data[i] = static_cast<char>(small ? (i % 4 == 0 ? below(9) : 0) : below(256));
    }
    return made;
  }

 private:
  size_t below(size_t n) { return random_() % n; }
  int32_t slot(const Program& p) {
    return below(8) == 0 ? -1 : static_cast<int32_t>(below(p.slots.size()));
  }
  // Of the table of sizes: one that is there, or a new one.
  int32_t entry(Program& p) {
    if (p.dims.empty() || below(2) == 0) p.dims.push_back(odd());
    return static_cast<int32_t>(below(2) == 0 ? p.dims.size() - 1 : below(p.dims.size()));
  }
  int64_t odd() {
    static constexpr int64_t kOdd[] = {0,
                                       1,
                                       2,
                                       3,
                                       4,
                                       5,
                                       7,
                                       9,
                                       16,
                                       -1,
                                       -2,
                                       -5,
                                       1 << 20,
                                       INT64_MAX,
                                       INT64_MIN,
                                       int64_t{1} << 62,
                                       int64_t{1} << 33};
    return kOdd[below(std::size(kOdd))];
  }

  Random& random_;
  std::vector<std::string_view> names_;
};

class Contract : public ::testing::Test {
 protected:
  ir::Context& context_ = eager::context();
  uint64_t seed_ = seed_of_run();
  size_t subjects_ = 0, forged_ = 0, accepted_ = 0;

  void check_dialect(std::string_view dialect, size_t dtypes, int forgeries) {
    for_each_sample(context_, dialect, dtypes,
                    [&](const ir::OpInfo& info, const ir::Sample& sample, DType dtype,
                        uint64_t number) { check(info, sample, dtype, number, forgeries); });
    std::printf("%s: %zu programs, %zu forged, %zu of them run\n", std::string(dialect).c_str(),
                subjects_, forged_, accepted_);
    EXPECT_GT(subjects_, 100u);
    EXPECT_GT(accepted_, forged_ / 100);
    EXPECT_LT(accepted_, forged_ / 2 + 1);
  }

  void check(const ir::OpInfo& info, const ir::Sample& sample, DType dtype, uint64_t number,
             int forgeries) {
    Random random(seed_ + number);
    Case c = make_case(context_, *info.page, sample.operands, sample.attrs, dtype);
    for (const ir::OperandSpec& operand : info.page->operands) {
      if (operand.rng_key) return;
    }
    SCOPED_TRACE(str(describe(*info.page, c), ", ", to_string(dtype), ", PROA_SEED=", seed_));
    std::shared_ptr<Program> program;
    std::vector<Array> inputs, expected;
    try {
      ir::Module module(context_);
      ir::Func func = module.add_func("main", c.operands);
      ir::Builder builder(module, func.body());
      std::vector<ir::Value> arguments = func.arguments();
      builder.create_return(builder.create(info, arguments, c.attrs, c.segments)->results());
      ir::Module plain = after(module, "decompose");
      for (const auto& operand : sample.operands) {
        for (const ir::Arg& arg : operand)
          inputs.push_back(make_values(arg, arg.dtype.value_or(dtype), random));
      }
      program = compiler::emit(plain, plain.main());
      expected = run(plain, plain.main(), inputs);
    } catch (const UserError&) { return; }  // a dtype or values that this sample refuses
    if (std::getenv("PROA_TRACE")) {
      std::fprintf(stderr, "%s %s\n", describe(*info.page, c).c_str(),
                   std::string(to_string(dtype)).c_str());
    }
    ++subjects_;
    std::vector<Array> outputs(program->outputs.size());
    Executable(program, runtime::cpu_kernels(), kCpu, nullptr, runtime::Origin::file)
        .run(inputs, {}, outputs);
    EXPECT_EQ(difference(expected, outputs), "");
    if (!program->is_static) return;
    Forger forger(random);
    for (int i = 0; i < forgeries; ++i) {
      auto forged = copy_of(*program);
      for (auto steps = 1 + random() % 2; steps > 0; --steps) forger.change(*forged);
      run_forged(forged, inputs, forger);
    }
  }

  void run_forged(const std::shared_ptr<Program>& forged, std::span<const Array> first,
                  Forger& forger) {
    ++forged_;
    Deadline deadline;
    try {
      program::verify(*forged, "forged");
      std::vector<Array> inputs, outputs(forged->outputs.size());
      for (size_t i = 0; i < forged->inputs.size(); ++i) {
        auto made = forger.input(*forged, forged->inputs[i], i < first.size() ? first[i] : Array());
        if (!made) return;
        inputs.push_back(*made);
      }
      runtime::MemoryMeter meter(64 << 20);
      Executable(forged, runtime::cpu_kernels(), kCpu, nullptr, runtime::Origin::file)
          .run(inputs, {}, outputs);
      for (const Array& output : outputs) (void)runtime::to_dense(output);
      ++accepted_;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
    } catch (const std::bad_alloc&) {}
  }
};

TEST_F(Contract, EveryKernelStatesOne) {
  program::KernelTable table;
  kernels::register_cpu(table);
  EXPECT_GT(table.names().size(), 80u);
  for (std::string_view name : table.names()) {
    EXPECT_NE(program::contract_of(name), nullptr) << name;
  }
}

TEST_F(Contract, HoldsForPrimitives) { check_dialect("prim", 3, 40); }
TEST_F(Contract, HoldsForOperators) { check_dialect("tensor", 1, 5); }

TEST_F(Contract, NightlyHoldsForPrimitives) { check_dialect("prim", 20, 2000 / kShare); }
TEST_F(Contract, NightlyHoldsForOperators) { check_dialect("tensor", 2, 200 / kShare); }

}  // namespace
}  // namespace proa::test
