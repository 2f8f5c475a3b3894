// The numeric texts as text: the definitions that a rendered kernel needs, for C or CUDA.
// Why: a rendered kernel includes no header; it carries what it calls and nothing more, and what it
// carries is the very text that the reference kernels are compiled from.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace proa::numeric {

enum class Language { c, cuda };

// Types, bit casts and fma in the words of the language: the head of every rendered kernel.
std::string_view prelude(Language language);

// Whether a function or type of this name (say "pn_exp_f32", "pn_c64") is defined in a text or
// prelude.
bool is_defined(std::string_view name);

// The definitions of `names` and of all they use, in an order fit for a compiler, without the
// prelude. Names of the prelude need none. An unknown name is an internal error.
std::string definitions(std::span<const std::string_view> names);

// The convolution of the files convolve_*.inc, whole; the first of them says what it asks for.
std::string_view convolution();

}  // namespace proa::numeric
