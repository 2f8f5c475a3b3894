// A callable passed by reference: two words, no allocation, no <functional>.
// Why: loops and visitors take callables that live no longer than the call.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace proa {

template <class Signature>
class FunctionRef;

template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef> &&
             std::is_invocable_r_v<Result, Callable&, Args...>)
  FunctionRef(Callable&& callable) {
    using Target = std::remove_reference_t<Callable>;
    if constexpr (std::is_function_v<Target>) {
      object_ = reinterpret_cast<void*>(&callable);
    } else {
      object_ = const_cast<void*>(static_cast<const void*>(std::addressof(callable)));
    }
    call_ = [](void* object, Args... args) -> Result {
      return static_cast<Result>(
          (*reinterpret_cast<std::add_pointer_t<Target>>(object))(std::forward<Args>(args)...));
    };
  }

  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

}  // namespace proa
