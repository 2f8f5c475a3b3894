#include "proa/ir/pass.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "proa/base/error.h"

namespace proa::ir {

namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, Pass, std::less<>> passes;  // nodes never move
};

Registry& registry() {
  static Registry registry;
  return registry;
}

template <class T>
T parse_number(std::string_view pass, std::string_view option, std::string_view text,
               std::string_view what) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw UserError(ErrorKind::value, pass, option, str("expected ", what, ", got '", text, "'"));
  }
  return value;
}

}  // namespace

void register_pass(Pass pass) {
  PROA_CHECK(pass.run && !pass.name.empty(), "a pass has a name and a function");
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  std::string name = pass.name;
  if (!all.passes.emplace(name, std::move(pass)).second) {
    throw UserError(ErrorKind::value, str("pass '", name, "' is registered twice"));
  }
}

const Pass* find_pass(std::string_view name) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  auto found = all.passes.find(name);
  return found == all.passes.end() ? nullptr : &found->second;
}

const Pass& pass_named(std::string_view name) {
  if (const Pass* pass = find_pass(name)) return *pass;
  std::vector<std::string_view> names;
  for (const Pass* pass : all_passes()) names.push_back(pass->name);
  std::string_view near = nearest(name, names);
  throw UserError(ErrorKind::key, str("there is no pass '", name, "'",
                                      near.empty() ? "" : str("; did you mean '", near, "'?")));
}

std::vector<const Pass*> all_passes() {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  std::vector<const Pass*> passes;
  for (auto& [name, pass] : all.passes) passes.push_back(&pass);
  return passes;
}

PassContext::PassContext(const Pass& pass, OptionValues options)
    : pass_(&pass), options_(std::move(options)) {
  for (size_t i = 0; i < options_.size(); ++i) {
    const std::string& name = options_[i].first;
    if (std::ranges::find(pass.options, name, &PassOption::name) == pass.options.end()) {
      std::vector<std::string_view> names;
      for (const PassOption& option : pass.options) names.push_back(option.name);
      std::string_view near = nearest(name, names);
      throw UserError(ErrorKind::key, pass.name, name,
                      str("the pass has no such option",
                          near.empty() ? "" : str("; did you mean '", near, "'?")));
    }
    for (size_t k = 0; k < i; ++k) {
      if (options_[k].first == name)
        throw UserError(ErrorKind::value, pass.name, name, "the option is given twice");
    }
  }
}

std::string_view PassContext::text(std::string_view option) const {
  for (auto& [name, value] : options_) {
    if (name == option) return value;
  }
  PROA_CHECK(pass_ != nullptr, "option '", option, "' was asked of a context without a pass");
  auto declared = std::ranges::find(pass_->options, option, &PassOption::name);
  PROA_CHECK(declared != pass_->options.end(), "pass ", pass_->name, " declares no option '",
             option, "'");
  return declared->value;
}

int64_t PassContext::integer(std::string_view option) const {
  return parse_number<int64_t>(pass_->name, option, text(option), "an integer");
}

double PassContext::real(std::string_view option) const {
  return parse_number<double>(pass_->name, option, text(option), "a number");
}

bool PassContext::flag(std::string_view option) const {
  std::string_view value = text(option);
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  throw UserError(ErrorKind::value, pass_->name, option,
                  str("expected true or false, got '", value, "'"));
}

void PassContext::count(std::string_view statistic, int64_t n) {
  auto found = statistics_.find(statistic);
  if (found == statistics_.end()) found = statistics_.emplace(statistic, 0).first;
  found->second += n;
}

}  // namespace proa::ir
