#include "proa/ir/samples.h"

namespace proa::ir {

namespace {

std::vector<std::vector<Arg>> one_each(std::vector<Arg> operands) {
  std::vector<std::vector<Arg>> lists;
  for (Arg& arg : operands) {
    lists.emplace_back();
    if (!arg.absent) lists.back().push_back(std::move(arg));
  }
  return lists;
}

}  // namespace

Sample& SampleList::ok(std::vector<Arg> operands, SampleAttrs attrs) {
  return ok_list(one_each(std::move(operands)), std::move(attrs));
}

Sample& SampleList::ok_list(std::vector<std::vector<Arg>> operands, SampleAttrs attrs) {
  legal_.push_back({std::move(operands), std::move(attrs)});
  return legal_.back();
}

TextSample& SampleList::ok_text(std::string_view text) {
  texts_.push_back({.text = text});
  return texts_.back();
}

void SampleList::wrong_text(std::string_view text, ErrorKind kind, std::string_view says) {
  texts_.push_back({.text = text, .wrong = kind, .says = says});
}

void SampleList::wrong(std::vector<Arg> operands, SampleAttrs attrs, ErrorKind kind,
                       std::string_view says) {
  wrong_list(one_each(std::move(operands)), std::move(attrs), kind, says);
}

void SampleList::wrong_list(std::vector<std::vector<Arg>> operands, SampleAttrs attrs,
                            ErrorKind kind, std::string_view says) {
  wrong_.push_back({std::move(operands), std::move(attrs), kind, says});
}

}  // namespace proa::ir
