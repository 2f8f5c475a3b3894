// Errors that speak to the user: operator, argument, what was expected, what came.
// Why one class tree: every floor throws these, and the Python face maps each kind to one
// exception.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "proa/base/str.h"

namespace proa {

enum class ErrorKind : uint8_t {
  value,  // a legal type with an illegal value                    -> ValueError
  type,   // a wrong dtype, or a wrong type of argument            -> TypeError
  shape,  // shapes that do not fit                                -> proa.ShapeError (a ValueError)
  index,  // an index or axis out of range                         -> IndexError
  key,    // a name that is not there                              -> KeyError
  not_supported,  // legal in mathematics, refused here, with the reason   -> NotImplementedError
  memory,       // out of memory                                         -> proa.OutOfMemoryError (a
                // MemoryError)
  io,           // files: missing, truncated, corrupt                    -> OSError
  state,        // right call at the wrong time (e.g. modified in place) -> RuntimeError
  interrupted,  // Ctrl-C                                                -> KeyboardInterrupt
  internal,     // a fault of ours                                       -> proa.InternalError (a
                // RuntimeError)
};

std::string_view to_string(ErrorKind kind);

// what() reads "[op] argument: message", with the parts that are known.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string_view op, std::string_view argument, std::string_view message);
  ErrorKind kind() const { return kind_; }
  const std::string& op() const { return op_; }
  const std::string& argument() const { return argument_; }
  const std::string& message() const { return message_; }

 private:
  ErrorKind kind_;
  std::string op_, argument_, message_;
};

class UserError : public Error {
 public:
  UserError(ErrorKind kind, std::string_view message) : Error(kind, "", "", message) {}
  UserError(ErrorKind kind, std::string_view op, std::string_view argument,
            std::string_view message)
      : Error(kind, op, argument, message) {}
};

class InternalError : public Error {
 public:
  explicit InternalError(std::string_view message) : Error(ErrorKind::internal, "", "", message) {}
};

[[noreturn]] void fail_check(const char* file, int line, const char* condition,
                             std::string_view message);

}  // namespace proa

// PROA_CHECK(condition, pieces...): an invariant of ours; failing it is an InternalError.
#define PROA_CHECK(condition, ...)                                    \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::proa::fail_check(__FILE__, __LINE__, #condition,              \
                         ::proa::str("" __VA_OPT__(, ) __VA_ARGS__)); \
  } while (false)
