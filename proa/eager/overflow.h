// NumberOverflow: the error of a number that its dtype cannot hold.
// Why a class of its own: Python and NumPy have one (OverflowError), and users catch it.
#pragma once

#include "proa/base/error.h"

namespace proa::eager {

class NumberOverflow : public UserError {
 public:
  NumberOverflow(std::string_view op, std::string_view argument, std::string_view message)
      : UserError(ErrorKind::value, op, argument, message) {}
};

}  // namespace proa::eager
