"""Weighted minimax polynomials by Remez exchange in high precision, with coefficients rounded to the working format.

Why: every polynomial of the numeric texts is derived here, so that anyone can check or change one.
Reference: E. Ya. Remez (1934); the rounding step follows the greedy refit of Brisebarre and Chevillard's problem
statement ("Efficient polynomial L-infinity approximations", 2007) without its lattice search.
"""

import mpmath as mp

mp.mp.dps = 60


def round_to(value, bits):
    """value rounded to nearest with `bits` significand bits (24: float, 53: double)."""
    if value == 0:
        return mp.mpf(0)
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, bits)), exponent - bits)


def horner(coefficients, x):
    result = mp.mpf(0)
    for c in reversed(coefficients):
        result = result * x + c
    return result


def _extrema(error, a, b, count):
    """Alternating extrema of `error` on [a, b]: a dense Chebyshev scan, then parabola steps."""
    n = 24 * count
    xs = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / n) for i in range(n + 1)]
    es = [error(x) for x in xs]
    runs = []
    for i, e in enumerate(es):
        if runs and mp.sign(es[runs[-1]]) == mp.sign(e):
            if abs(e) > abs(es[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    points = []
    for i in runs:
        x, e = xs[i], es[i]
        if 0 < i < n:
            x0, x2, e0, e2 = xs[i - 1], xs[i + 1], es[i - 1], es[i + 1]
            d = (x - x0) * (e - e2) - (x - x2) * (e - e0)
            if d != 0:
                y = x - ((x - x0) ** 2 * (e - e2) - (x - x2) ** 2 * (e - e0)) / (2 * d)
                if x0 < y < x2 and abs(error(y)) > abs(e):
                    x, e = y, error(y)
        points.append((x, e))
    while len(points) > count:
        if abs(points[0][1]) < abs(points[-1][1]):
            points.pop(0)
        else:
            points.pop()
    return [p[0] for p in points], max(abs(e) for e in es)


def remez(f, weight, a, b, count, first=0):
    """Coefficients c[0..count) of sum c[i] x^(first+i) minimising max |weight * (f - p)| on [a, b], and that maximum."""
    a, b = mp.mpf(a), mp.mpf(b)
    nodes = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count + 2)) for i in range(count + 1)]
    best = None
    for _ in range(12):
        matrix = mp.matrix(count + 1, count + 1)
        rhs = mp.matrix(count + 1, 1)
        for row, x in enumerate(nodes):
            for column in range(count):
                matrix[row, column] = x ** (first + column)
            matrix[row, count] = (-1) ** row / weight(x)
            rhs[row] = f(x)
        solution = mp.lu_solve(matrix, rhs)
        c = [solution[i] for i in range(count)]
        level = abs(solution[count])
        points, worst = _extrema(lambda x: weight(x) * (f(x) - x ** first * horner(c, x)), a, b, count + 1)
        if best is None or worst < best[1]:
            best = (c, worst)
        if len(points) < count + 1 or worst <= level * mp.mpf("1.02"):
            break
        nodes = points
    return best


def fit(f, weight, a, b, count, bits, refit=None):
    """A rounded minimax polynomial: the first `refit` coefficients are rounded one by one and the rest fitted again."""
    refit = count if refit is None else refit
    fixed = []
    c, _ = remez(f, weight, a, b, count)
    for i in range(refit):
        fixed.append(round_to(c[0], bits))
        if i + 1 == count:
            c = []
            break
        known = list(fixed)
        c, _ = remez(lambda x: f(x) - horner(known, x), weight, a, b, count - i - 1, i + 1)
    result = fixed + [round_to(v, bits) for v in c]
    n = 400
    a, b = mp.mpf(a), mp.mpf(b)
    grid = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / n) for i in range(n + 1)]
    worst = max(abs(weight(x) * (f(x) - horner(result, x))) for x in grid)
    return result, worst


def literal(value, bits):
    """A C hexadecimal literal that is exactly the rounded value."""
    if bits == 24:
        return float(value).hex().replace("000000p", "p") + "f"
    return float(value).hex()
