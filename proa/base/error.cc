#include "proa/base/error.h"

namespace proa {

namespace {

std::string compose(std::string_view op, std::string_view argument, std::string_view message) {
  std::string text;
  if (!op.empty()) text += str("[", op, "] ");
  if (!argument.empty()) text += str(argument, ": ");
  return text.append(message);
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::value: return "value";
    case ErrorKind::type: return "type";
    case ErrorKind::shape: return "shape";
    case ErrorKind::index: return "index";
    case ErrorKind::key: return "key";
    case ErrorKind::not_supported: return "not_supported";
    case ErrorKind::memory: return "memory";
    case ErrorKind::io: return "io";
    case ErrorKind::state: return "state";
    case ErrorKind::interrupted: return "interrupted";
    case ErrorKind::internal: return "internal";
  }
  return "unknown";
}

Error::Error(ErrorKind kind, std::string_view op, std::string_view argument,
             std::string_view message)
    : std::runtime_error(compose(op, argument, message)),
      kind_(kind),
      op_(op),
      argument_(argument),
      message_(message) {}

void fail_check(const char* file, int line, const char* condition, std::string_view message) {
  std::string_view path = file;
  if (auto at = path.rfind("proa/"); at != std::string_view::npos) path = path.substr(at);
  throw InternalError(str("this is a fault of Proa, please report it: ", path, ":", line, ": (",
                          condition, ") does not hold. ", message));
}

}  // namespace proa
