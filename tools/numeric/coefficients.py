"""Writes proa/base/numeric/polynomials.inc: every minimax polynomial of the numeric texts.

Usage: python3 tools/numeric/coefficients.py [name ...] > polynomials.inc   (all names: a few minutes)
"""

import functools
import sys

import mpmath as mp
from mpmath import mpf
from remez import fit, horner, literal

EPS = mpf(10) ** -12


def exp_rest(r):  # (exp(r) - 1 - r) / r^2
    if abs(r) < mpf("1e-4"):
        return sum(r ** k / mp.factorial(k + 2) for k in range(14))
    return (mp.exp(r) - 1 - r) / r ** 2


def log_rest(f):  # (log(1+f) - f + f^2/2) / f^3
    if abs(f) < mpf("1e-4"):
        return sum((-1) ** k * f ** k / (k + 3) for k in range(16))
    return (mp.log1p(f) - f + f * f / 2) / f ** 3


def odd_rest(g, coefficients):
    """(g(x) - x) / x^3 as a function of z = x^2; `coefficients`: Taylor in z near 0."""

    def h(z):
        if z < mpf("1e-6"):
            return sum(c * z ** k for k, c in enumerate(coefficients))
        x = mp.sqrt(z)
        return (g(x) - x) / (x * z)

    return h


def cos_rest(z):  # (cos x - 1 + z/2) / z^2
    if z < mpf("1e-6"):
        return sum((-1) ** k * z ** k / mp.factorial(2 * k + 4) for k in range(10))
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z ** 2


def odd_weight(g):
    """Relative weight of x^3 P(x^2) beside g(x)."""
    return lambda z: (z if z > EPS else EPS) * (mp.sqrt(z) / g(mp.sqrt(z)) if z > EPS else 1)


SIN = [(-1) ** (k + 1) / mp.factorial(2 * k + 3) for k in range(10)]
ATAN = [mpf(-1) ** (k + 1) / (2 * k + 3) for k in range(10)]
ATANH = [mpf(1) / (2 * k + 3) for k in range(10)]
ASIN = [mp.binomial(2 * k + 2, k + 1) / (mpf(4) ** (k + 1) * (2 * k + 3)) for k in range(10)]
TANH = [c for c in mp.taylor(mp.tanh, 0, 21)[3::2]]

QUARTER = (mp.pi / 4 + mpf(2) ** -12) ** 2
HALF_LN2 = mp.log(2) / 2 + mpf(2) ** -16


def erf_rest(z):  # erf(x)/x - 1
    if z < mpf("1e-12"):
        return 2 / mp.sqrt(mp.pi) * (1 - z / 3 + z * z / 10 - z ** 3 / 42) - 1
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1


def erf_weight(z):
    x = mp.sqrt(z)
    return x / mp.erf(x) if z > EPS else mpf("0.886")


def erfcx_k(t, k):
    """(1 + 2x) exp(x^2) erfc(x) at x = k (1+t)/(1-t)."""
    if 1 - t < mpf("1e-20"):
        return 2 / mp.sqrt(mp.pi)
    x = k * (1 + t) / (1 - t)
    if x > 400:
        z = 1 / (2 * x * x)
        s = sum((-1) ** j * mp.fac2(2 * j - 1) * z ** j for j in range(16))
        return (1 + 2 * x) * s / (x * mp.sqrt(mp.pi))
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def beyond_two(c, g):
    """(g(t) - c0 - c1 t) / t^2, where c are the Taylor coefficients of g."""

    def h(t):
        if abs(t) < mpf("1e-6"):
            return horner(c[2:], t)
        return (g(t) - c[0] - c[1] * t) / t ** 2

    return h


@functools.cache
def lgamma_taylor(centre):
    """lgamma(centre + t) / t for centre 1 or 2, where lgamma is zero."""
    return [mp.polygamma(k, centre) / mp.factorial(k + 1) for k in range(12)]


def lgamma_over(centre, t):
    return mp.loggamma(centre + t) / t if t != 0 else mp.polygamma(0, centre)


DIGAMMA_ROOT = mp.findroot(lambda x: mp.digamma(x), mpf("1.46163214496836234126"))


@functools.cache
def digamma_taylor():
    return [mp.polygamma(k + 1, DIGAMMA_ROOT) / mp.factorial(k + 1) for k in range(12)]


def digamma_over(t):  # psi(root + t) / t
    return mp.digamma(DIGAMMA_ROOT + t) / t if t != 0 else digamma_taylor()[0]


def erfinv_central(w):
    """erfinv(x)/x where w = -log(1-x^2)."""
    if w < mpf("1e-15"):
        return mp.sqrt(mp.pi) / 2
    x = mp.sqrt(-mp.expm1(-w))
    return mp.erfinv(x) / x


def erfinv_of_w(w):
    """erfinv(x) at -log((1-x)(1+x)) = w, without the cancellation in 1 - x."""
    # x = sqrt(1 - e^-w); erfc(y) = 1 - x = e^-w / (1 + x)
    q = mp.exp(-w)
    target = q / (1 + mp.sqrt(1 - q))
    y = mp.sqrt(w)
    for _ in range(60):
        f = mp.erfc(y) / target - 1
        step = f * target * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
        y += step / (1 - y * step)
        if abs(step) < mpf(10) ** -45 * y:
            break
    return y


# name: (f, weight, a, b, coefficients, bits, how many are refitted, comment)
POLYNOMIALS = {
    "exp_f32": (exp_rest, lambda r: r * r / mp.exp(r) if abs(r) > EPS else EPS, -HALF_LN2, HALF_LN2, 6, 24, None,
                "exp(r) = 1 + r + r^2 P(r), |r| <= ln2/2"),
    "log_f32": (log_rest, lambda f: abs(f ** 3 / mp.log1p(f)) if abs(f) > EPS else EPS, mp.sqrt(0.5) - 1 - mpf(2) ** -20,
                mp.sqrt(2) - 1 + mpf(2) ** -20, 9, 24, None, "log(1+f) = f - f^2/2 + f^3 P(f), sqrt(1/2) <= 1+f <= sqrt(2)"),
    "tanh_f32": (odd_rest(mp.tanh, TANH), odd_weight(mp.tanh), 0, mpf("0.45"), 6, 24, None,
                 "tanh(x) = x + x^3 P(x^2), |x| <= 0.67"),
    "sin_f32": (odd_rest(mp.sin, SIN), odd_weight(mp.sin), 0, QUARTER, 4, 24, None, "sin(x) = x + x^3 P(x^2), |x| <= pi/4"),
    "cos_f32": (cos_rest, lambda z: z * z / mp.cos(mp.sqrt(z)) + EPS, 0, QUARTER, 4, 24, None,
                "cos(x) = 1 - x^2/2 + x^4 P(x^2), |x| <= pi/4"),
    "erf_small_f32": (erf_rest, erf_weight, 0, mpf("0.82"), 8, 24, None, "erf(x) = x + x P(x^2), |x| <= 0.9"),
    "erf_large_f32": (lambda x: mp.log(mp.erfc(x)) / x, lambda x: x * mp.erfc(x) / mp.erf(x), mpf("0.88"), mpf("4.0"), 9, 24,
                      None, "log(erfc(x)) = x P(x), 0.9 <= x <= 4"),
    "exp_f64": (exp_rest, lambda r: abs(r * r / mp.expm1(r)) if abs(r) > EPS else EPS, -HALF_LN2, HALF_LN2, 11, 53, 2,
                "exp(r) = 1 + r + r^2 P(r), |r| <= ln2/2, relative to exp(r) - 1"),
    "atanh_f64": (odd_rest(mp.atanh, ATANH), odd_weight(mp.atanh), 0, (mp.sqrt(2) - 1) ** 4 + mpf(2) ** -20, 8, 53, 2,
                  "atanh(s) = s + s^3 P(s^2), |s| <= (sqrt2 - 1)/(sqrt2 + 1)"),
    "atanh5_f64": (lambda z: (odd_rest(mp.atanh, ATANH)(z) - mpf(1) / 3) / z if z > mpf("1e-10") else mpf(1) / 5 + z / 7,
                   lambda z: z * z + EPS, 0, (mp.sqrt(2) - 1) ** 4 + mpf(2) ** -20, 8, 53, 1,
                   "atanh(s) = s + s^3 (1/3 + s^2 P(s^2)), |s| <= (sqrt2 - 1)/(sqrt2 + 1)"),
    "sin_f64": (odd_rest(mp.sin, SIN), odd_weight(mp.sin), 0, QUARTER, 7, 53, 2, "sin(x) = x + x^3 P(x^2), |x| <= pi/4"),
    "cos_f64": (cos_rest, lambda z: z * z / mp.cos(mp.sqrt(z)) + EPS, 0, QUARTER, 7, 53, 2,
                "cos(x) = 1 - x^2/2 + x^4 P(x^2), |x| <= pi/4"),
    "asin_f64": (odd_rest(mp.asin, ASIN), odd_weight(mp.asin), 0, mpf("0.25"), 13, 53, 2,
                 "asin(x) = x + x^3 P(x^2), |x| <= 1/2"),
    "atan_f64": (odd_rest(mp.atan, ATAN), odd_weight(mp.atan), 0, (mp.sqrt(2) - 1) ** 2 + mpf(2) ** -20, 12, 53, 2,
                 "atan(x) = x + x^3 P(x^2), |x| <= tan(pi/8)"),
    "erf_f64": (erf_rest, erf_weight, 0, 1, 14, 53, 7, "erf(x) = x + x P(x^2), |x| <= 1"),
    "erfcx_f64": (lambda t: erfcx_k(t, 4) - 1, lambda t: 1 / erfcx_k(t, 4), mpf(-7) / 9, 1, 26, 53, 0,
                  "(1 + 2x) exp(x^2) erfc(x) = 1 + P(t), t = (x-4)/(x+4), x >= 1/2"),
    "lgamma1_f64": (beyond_two(lgamma_taylor(1), lambda t: lgamma_over(1, t)),
                    lambda t: t * t / abs(lgamma_over(1, t)) + EPS, mpf("-0.25"), mpf("0.5"), 20, 53, 0,
                    "lgamma(1+t) = t (c0 + c1 t + t^2 P(t)), 0.75 <= 1+t <= 1.5"),
    "lgamma2_f64": (beyond_two(lgamma_taylor(2), lambda t: lgamma_over(2, t)),
                    lambda t: t * t / abs(lgamma_over(2, t)) + EPS, mpf("-0.5"), mpf("1.0"), 21, 53, 0,
                    "lgamma(2+t) = t (c0 + c1 t + t^2 P(t)), 1.5 <= 2+t <= 3"),
    "digamma_f64": (beyond_two(digamma_taylor(), digamma_over), lambda t: t * t / digamma_over(t) + EPS,
                    1 - DIGAMMA_ROOT, mpf("2.4") - DIGAMMA_ROOT, 23, 53, 0,
                    "digamma(root + t) = t (c0 + c1 t + t^2 P(t)), 1 <= root + t <= 2.4"),
    "erfinv1_f64": (erfinv_central, lambda w: 1 / erfinv_central(w), 0, 5, 10, 53, 0,
                    "erfinv(x) = x P(w), w = -log(1-x^2) <= 5: a first guess"),
    "erfinv2_f64": (lambda s: erfinv_of_w(s * s), lambda s: 1 / erfinv_of_w(s * s), mp.sqrt(5), mpf("6.1"), 10, 53, 0,
                    "erfinv(x) = P(sqrt w), 5 <= w <= 37: a first guess"),
}


def emit(name):
    f, weight, a, b, count, bits, refit, comment = POLYNOMIALS[name]
    c, worst = fit(f, weight, a, b, count, bits, refit)
    kind, fma = ("float", "pn_fmaf") if bits == 24 else ("double", "pn_fma")
    lines = [f"/* {comment}; weighted error 2^{float(mp.log(worst, 2)):.1f} */",
             f"PN_FN {kind} pn_poly_{name}({kind} x) {{"]
    text = [literal(v, bits) for v in c]
    if count <= 9:
        lines.append(f"  {kind} p = {text[-1]};")
        lines += [f"  p = {fma}(p, x, {t});" for t in reversed(text[:-1])]
        lines.append("  return p;")
    else:  # two chains in x^2: half the latency of one
        lines.append(f"  {kind} z = x * x;")
        even = [t for i, t in enumerate(text) if i % 2 == 0]
        odd = [t for i, t in enumerate(text) if i % 2 == 1]
        lines.append(f"  {kind} a = {even[-1]};")
        lines.append(f"  {kind} b = {odd[-1]};")
        lines += [f"  a = {fma}(a, z, {t});" for t in reversed(even[:-1])]
        lines += [f"  b = {fma}(b, z, {t});" for t in reversed(odd[:-1])]
        lines.append(f"  return {fma}(b, x, a);")
    lines.append("}")
    return "\n".join(lines)


def main():
    names = sys.argv[1:] or list(POLYNOMIALS)
    if len(sys.argv) == 1:
        print("/* Minimax polynomials. Generated by tools/numeric/coefficients.py: change them there. */")
    for name in names:
        print()
        print(emit(name), flush=True)


if __name__ == "__main__":
    main()
