// SingularMatrix: the error of a matrix that has no inverse or no such factor.
// Why a class of its own: other libraries have one (NumPy's LinAlgError), and users catch it.
#pragma once

#include "proa/base/error.h"

namespace proa {

class SingularMatrix : public UserError {
 public:
  SingularMatrix(std::string_view op, std::string_view argument, std::string_view message)
      : UserError(ErrorKind::value, op, argument, message) {}
};

}  // namespace proa
