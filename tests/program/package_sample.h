// A package made by hand that has one of everything a program can have.
// Why by hand: what the emitter makes is tested from Python; here every field matters.
#pragma once

#include <memory>
#include <vector>

#include "proa/program/package.h"

namespace proa::program {

class PackageSample {
 public:
  PackageSample();
  PackageContent content;

 private:
  std::shared_ptr<Program> flat() const;
  std::shared_ptr<Program> compiled() const;
  Constant constant(int32_t slot, const std::vector<float>& values) const;
  std::vector<float> weight_ = {0.5f, -1.0f, 2.0f}, other_ = {3.0f, 4.0f, 5.0f};
  std::vector<int64_t> three_ = {3};
  std::vector<std::byte> code_, module_;
};

}  // namespace proa::program
