// Predictors: right results wherever memory lies, typed errors that name the input, clones, limits.
#include "proa/inference/predictor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/inference/describe.h"
#include "proa/inference/trace.h"
#include "proa/kernels/register.h"
#include "proa/runtime/watch.h"
#include "tests/inference/model.h"

namespace proa::inference {
namespace {

std::vector<float> numbers(size_t count, float start) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = start + static_cast<float>(i % 97) / 7.0f;
  return values;
}

struct Data {
  explicit Data(int64_t rows)
      : dims{rows, 3},
        x(numbers(static_cast<size_t>(rows) * 3, -2.0f)),
        z(numbers(static_cast<size_t>(rows) * 3, 1.0f)),
        y(expected(x, z)) {}
  std::vector<int64_t> dims;
  std::vector<float> x, z, y;
  View view_x() const { return {x.data(), DType::f32, dims}; }
  View view_z() const { return {z.data(), DType::f32, dims}; }
  int64_t bytes() const { return static_cast<int64_t>(x.size() * sizeof(float)); }
};

bool same(const runtime::Array& array, const std::vector<float>& values) {
  return array.elements() == static_cast<int64_t>(values.size()) && array.is_dense() &&
         std::memcmp(array.data, values.data(), values.size() * sizeof(float)) == 0;
}

class PredictorTest : public testing::Test {
 protected:
  PredictorTest() : bytes_(model_bytes()) { config_.bytes = bytes_; }
  std::vector<std::byte> bytes_;
  Config config_;
};

std::string refusal(ErrorKind kind, auto&& call) {
  try {
    call();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST_F(PredictorTest, AnswersForEverySize) {
  Predictor predictor(config_);
  EXPECT_EQ(predictor.inputs()[0].name, "x");
  for (int64_t rows : {1, 2, 5, 64, 1365, 1366, 4096, 3, 1}) {
    Data data(rows);
    predictor.set_input(predictor.input_index("z"), data.view_z());
    predictor.set_input(predictor.input_index("x"), data.view_x());
    predictor.run();
    EXPECT_TRUE(same(predictor.output(predictor.output_index("y")), data.y)) << rows;
    EXPECT_TRUE(same(predictor.output(predictor.output_index("same")), data.x)) << rows;
    EXPECT_NE(predictor.output(1).data, reinterpret_cast<const char*>(data.x.data()))
        << "a result must not lie in the caller's input";
  }
  EXPECT_EQ(predictor.statistics().runs, 9);
  EXPECT_EQ(predictor.statistics().failures, 0);
  EXPECT_GE(predictor.statistics().most_ns, predictor.statistics().least_ns);
  EXPECT_GE(predictor.statistics().peak_bytes, 4096 * 3 * 4);
}

TEST_F(PredictorTest, CallersMemoryIsReadAsItIs) {
  Predictor predictor(config_);
  Data data(7);
  predictor.set_input(0, data.view_x());
  predictor.copy_input(1, data.view_z());
  predictor.run();
  EXPECT_TRUE(same(predictor.output(0), data.y));
  data.x[4] = 100.0f;
  data.z[4] = 50.0f;  // was copied: the old one counts
  Data before(7);
  predictor.run();
  EXPECT_TRUE(same(predictor.output(0), expected(data.x, before.z)));
}

TEST_F(PredictorTest, ResultsGoWhereTheCallerWants) {
  Predictor predictor(config_);
  Data data(11);
  predictor.set_input(0, data.view_x());
  predictor.set_input(1, data.view_z());
  std::vector<float> y(data.y.size() + 5, -1.0f), again(data.y.size());
  predictor.set_output(0, y.data() + 1, data.bytes());  // aligned to a float, not more
  predictor.set_output(1, again.data(), data.bytes());
  predictor.run();
  EXPECT_EQ(predictor.output(0).data, reinterpret_cast<char*>(y.data() + 1));
  EXPECT_TRUE(same(predictor.output(0), data.y));
  EXPECT_EQ(again, data.x);
  EXPECT_EQ(predictor.statistics().copied_outputs, 1);  // "same" is an input
  EXPECT_EQ(y[0], -1.0f);
  EXPECT_EQ(y[data.y.size() + 1], -1.0f);
  predictor.set_output(0, nullptr, 0);
  predictor.set_output(1, nullptr, 0);
  predictor.run();
  EXPECT_NE(predictor.output(0).data, reinterpret_cast<char*>(y.data() + 1));
  EXPECT_TRUE(same(predictor.output(0), data.y));
}

TEST_F(PredictorTest, OutputsMayLieOverInputs) {
  Predictor predictor(config_);
  Data data(9);
  Data before = data;
  predictor.set_input(0, data.view_x());
  predictor.set_input(1, data.view_z());
  predictor.set_output(0, data.x.data(), data.bytes());  // y over x, of which "same" is
  predictor.run();
  EXPECT_EQ(data.x, before.y);
  EXPECT_TRUE(same(predictor.output(1), before.x));
}

TEST_F(PredictorTest, MistakesAreNamed) {
  Predictor predictor(config_);
  Data data(4);
  auto contains = [](const std::string& text, std::initializer_list<const char*> words) {
    for (const char* word : words)
      EXPECT_NE(text.find(word), std::string::npos) << "'" << word << "' in: " << text;
  };
  contains(refusal(ErrorKind::key, [&] { predictor.input_index("q"); }), {"q", "'x'", "'z'"});
  contains(refusal(ErrorKind::key, [&] { predictor.output_index("x"); }), {"'y'", "'same'"});
  contains(refusal(ErrorKind::index, [&] { predictor.set_input(2, data.view_x()); }), {"0..1"});
  contains(refusal(ErrorKind::state, [&] { predictor.run(); }), {"x", "never set"});
  contains(refusal(ErrorKind::state, [&] { predictor.output(0); }), {"y", "no result"});
  auto set = [&](DType dtype, std::vector<int64_t> dims) {
    predictor.set_input(0, {data.x.data(), dtype, dims});
  };
  contains(refusal(ErrorKind::type, [&] { set(DType::f64, {4, 3}); }),
           {"x", "float32[rows, 3]", "float64[4, 3]"});
  contains(refusal(ErrorKind::shape, [&] { set(DType::f32, {12}); }),
           {"x", "float32[rows, 3]", "float32[12]"});
  contains(refusal(ErrorKind::shape, [&] { set(DType::f32, {4, 4}); }), {"float32[4, 4]"});
  contains(refusal(ErrorKind::shape, [&] { set(DType::f32, {0, 3}); }), {"rows", "1..4096"});
  contains(refusal(ErrorKind::shape, [&] { set(DType::f32, {5000, 3}); }), {"1..4096", "5000"});
  contains(refusal(ErrorKind::shape, [&] { set(DType::f32, {-1, 3}); }), {"negative"});
  contains(
      refusal(ErrorKind::value, [&] { predictor.set_input(0, {nullptr, DType::f32, data.dims}); }),
      {"x", "without memory"});
  contains(refusal(ErrorKind::value,
                   [&] {
                     predictor.set_input(
                         0, {reinterpret_cast<char*>(data.x.data()) + 1, DType::f32, data.dims});
                   }),
           {"x", "aligned"});
  predictor.set_input(0, data.view_x());
  Data other(5);
  predictor.set_input(1, other.view_z());
  contains(refusal(ErrorKind::shape, [&] { predictor.run(); }),
           {"z", "rows = 4 as in 'x'", "got 5 on axis 0"});
  predictor.set_input(1, data.view_z());
  std::vector<float> small(3);
  predictor.set_output(0, small.data(), 12);
  contains(refusal(ErrorKind::value, [&] { predictor.run(); }),
           {"y", "48 bytes", "float32[4, 3]", "got 12"});
  std::vector<float> shared(24);
  predictor.set_output(0, shared.data(), 48);
  predictor.set_output(1, shared.data() + 11, 48);
  contains(refusal(ErrorKind::value, [&] { predictor.run(); }), {"same", "overlaps", "'y'"});
  predictor.set_output(1, nullptr, 0);
  predictor.run();  // and it goes on
  EXPECT_TRUE(same(predictor.output(0), data.y));
  EXPECT_EQ(predictor.statistics().failures, 2);
}

TEST_F(PredictorTest, ConfigsAreChecked) {
  Config config;
  EXPECT_NE(refusal(ErrorKind::value, [&] { Predictor p(config); }).find("one of both"),
            std::string::npos);
  config.model = "/nowhere/model.proa";
  EXPECT_NE(refusal(ErrorKind::io, [&] { Predictor p(config); }).find("/nowhere/model.proa"),
            std::string::npos);
  config_.threads = -1;
  refusal(ErrorKind::value, [&] { Predictor p(config_); });
  config_.threads = 0;
  config_.warm_up = {{{"columns", 3}}};
  EXPECT_NE(refusal(ErrorKind::key, [&] { Predictor p(config_); }).find("'rows'"),
            std::string::npos);
  config_.warm_up = {{{"rows", 5000}}};
  refusal(ErrorKind::shape, [&] { Predictor p(config_); });
  config_.warm_up = {{{"rows", 16}}, {}};
  Predictor predictor(config_);
  EXPECT_EQ(predictor.statistics().runs, 0);
}

TEST_F(PredictorTest, MemoryHasALimitOfItsOwn) {
  Data data(4096);
  config_.memory_limit = 64 << 10;
  Predictor limited(config_);
  auto unlimited = [&] {
    config_.memory_limit = 0;
    return Predictor(config_).clone();
  }();
  limited.set_input(0, data.view_x());
  limited.set_input(1, data.view_z());
  std::string text = refusal(ErrorKind::memory, [&] { limited.run(); });
  EXPECT_NE(text.find("64.00 KiB"), std::string::npos) << text;
  Data few(8);
  limited.set_input(0, few.view_x());
  limited.set_input(1, few.view_z());
  limited.run();
  EXPECT_TRUE(same(limited.output(0), few.y));
  EXPECT_LE(limited.statistics().peak_bytes, 64 << 10);
  EXPECT_EQ(limited.statistics().failures, 1);
  unlimited->set_input(0, data.view_x());
  unlimited->set_input(1, data.view_z());
  unlimited->run();
  EXPECT_TRUE(same(unlimited->output(0), data.y));
}

TEST_F(PredictorTest, ClonesAtOnceHaveTheSameBits) {
  config_.threads = 1;
  Predictor first(config_);
  constexpr int kThreads = 4, kRuns = 200;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      auto mine = first.clone();
      EXPECT_EQ(&mine->engine(), &first.engine());
      for (int i = 0; i < kRuns; ++i) {
        Data data(1 + (t * kRuns + i) % 50);
        mine->set_input(0, data.view_x());
        mine->set_input(1, data.view_z());
        mine->run();
        wrong += !same(mine->output(0), data.y);
      }
      wrong += mine->statistics().runs != kRuns;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(first.statistics().runs, 0);
}

TEST_F(PredictorTest, OneIsForOneThread) {
  Predictor predictor(config_);
  Data data(4096);
  std::atomic<int> refused{0}, ran{0};
  predictor.set_input(0, data.view_x());
  predictor.set_input(1, data.view_z());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        try {
          predictor.run();
          ++ran;
        } catch (const UserError& error) { refused += error.kind() == ErrorKind::state; }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused + ran, 800);
  EXPECT_EQ(predictor.statistics().runs, ran);
}

TEST_F(PredictorTest, NativeCodeRunsOnlyWhereItMay) {
  Data data(100);
  auto check = [&](Compiled kind, bool allowed, bool compiled, const char* reason) {
    std::vector<std::byte> bytes = model_bytes(kind);
    Config config;
    config.bytes = bytes;
    config.allow_native_code = allowed;
    config.allow_compiler = false;
    Predictor predictor(config);
    EXPECT_EQ(predictor.kernels().compiled, compiled) << predictor.kernels().reason;
    EXPECT_NE(predictor.kernels().reason.find(reason), std::string::npos)
        << predictor.kernels().reason;
    predictor.set_input(0, data.view_x());
    predictor.set_input(1, data.view_z());
    predictor.run();
    EXPECT_TRUE(same(predictor.output(0), data.y));
    return predictor.kernels().stored;
  };
  check(Compiled::none, true, false, "no compiled program");
  check(Compiled::object, false, false, "not allowed");
  check(Compiled::text, true, false, "no compiler is allowed");
  check(Compiled::broken, true, false, "cannot be loaded");
  if (!kernels::native_targets().empty()) { EXPECT_EQ(check(Compiled::object, true, true, ""), 1); }
}

TEST_F(PredictorTest, ThePluginMakesWhatIsMissing) {
  std::string plugin = PROA_BINARY_DIR "/libproa_compiler.so";
  if (access(plugin.c_str(), R_OK) != 0) GTEST_SKIP() << "the plug-in is not built";
  std::vector<std::byte> bytes = model_bytes(Compiled::text);
  Config config;
  config.bytes = bytes;
  config.allow_native_code = true;
  config.compiler = plugin;
  Predictor predictor(config);
  ASSERT_TRUE(predictor.kernels().compiled) << predictor.kernels().reason;
  EXPECT_EQ(predictor.kernels().made, 1);
  Data data(1000);
  predictor.set_input(0, data.view_x());
  predictor.set_input(1, data.view_z());
  predictor.run();
  EXPECT_TRUE(same(predictor.output(0), data.y));
}

TEST_F(PredictorTest, AMissingPluginIsAReason) {
  std::vector<std::byte> bytes = model_bytes(Compiled::text);
  Config config;
  config.bytes = bytes;
  config.allow_native_code = true;
  config.compiler = "/nowhere/libproa_compiler.so";
  Predictor predictor(config);
  EXPECT_FALSE(predictor.kernels().compiled);
  EXPECT_NE(predictor.kernels().reason.find("/nowhere/libproa_compiler.so"), std::string::npos);
}

TEST_F(PredictorTest, ProfilesAreTraces) {
  config_.profile = true;
  Predictor predictor(config_);
  take_trace();
  Data data(3);
  predictor.set_input(0, data.view_x());
  predictor.set_input(1, data.view_z());
  predictor.run();
  runtime::set_watch(runtime::kWatchTime, false);
  std::string trace = take_trace();
  for (const char* word : {"\"name\": \"run\"", "\"name\": \"prim.mul\"", "\"name\": \"prim.add\""})
    EXPECT_NE(trace.find(word), std::string::npos) << trace;
}

TEST_F(PredictorTest, IsDescribed) {
  Predictor predictor(config_);
  std::string text = describe(predictor.engine().package(), "model.proa", {{"rows", 100}});
  for (const char* line : {"inputs\n  x  float32[rows, 3]\n  z  float32[rows, 3]\n",
                           "outputs\n  y     float32[rows, 3]\n", "  rows  1..4096\n",
                           "  1 x prim.add\n  1 x prim.mul\n", "1 weights of 3 elements",
                           "at rows = 100", "made by: tests/inference"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  MemoryOfRun memory = memory_of_run(predictor.engine().package(), {{"rows", 100}});
  EXPECT_EQ(memory.results, 2 * 1200);
  EXPECT_EQ(memory.inputs, 2 * 1200);
  EXPECT_GE(memory.arena, memory.lower_bound);
}

TEST(ThreadLimit, LoopsKeepIt) {
  for (int limit : {0, 1, 2, 3}) {
    ThreadLimit scope(limit);
    std::atomic<int> inside{0}, most{0};
    parallel_for(64, 1, [&](int64_t, int64_t) {
      int now = ++inside;
      for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {}
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      --inside;
    });
    EXPECT_LE(most, limit == 0 ? num_threads() : std::min(limit, num_threads()));
  }
  EXPECT_THROW(ThreadLimit(-1), UserError);
}

}  // namespace
}  // namespace proa::inference
