"""Writes tests/base/numeric_reference.txt: values of the functions that no C library has, from mpmath.

A line: function, arguments as hexadecimal doubles, the value as a pair of doubles (their exact sum is good to 100 bits).
Usage: python3 tools/numeric/reference.py > tests/base/numeric_reference.txt
"""

import math
import random

import mpmath as mp

mp.mp.dps = 50
rng = random.Random(2011)


def uniform(a, b):
    return lambda: rng.uniform(a, b)


def spread(low, high):
    return lambda: math.ldexp(1 + rng.random(), rng.randint(low, high))


def line(name, arguments, value):
    high = float(value)
    low = float(value - mp.mpf(high))
    print(name, *[float(a).hex() for a in arguments], high.hex(), low.hex())


def main():
    for sample, count in ((uniform(-1, 1), 120), (spread(-200, -2), 30), (lambda: 1 - spread(-53, -2)(), 80)):
        for _ in range(count):
            x = sample()
            line("erfinv", [x], mp.erfinv(mp.mpf(x)))
    for sample, count in ((uniform(0, 12), 150), (spread(-300, 300), 50), (uniform(1.4, 1.55), 40), (spread(-20, 0), 40)):
        for _ in range(count):
            x = sample()
            line("digamma", [x], mp.digamma(mp.mpf(x)))
    for name, f in (("digamma_negative", mp.digamma), ("lgamma_negative", lambda x: mp.log(abs(mp.gamma(x))))):
        for _ in range(60):
            x = rng.uniform(-20, 0)
            line(name, [x], f(mp.mpf(x)))
    for n in (1, 2, 3, 5, 10, 50):
        for sample, count in ((uniform(0, 30), 60), (spread(-8, 12), 20)):
            for _ in range(count):
                x = sample()
                line("polygamma", [n, x], mp.polygamma(n, mp.mpf(x)))
    for n in (1, 2, 3):
        for _ in range(30):
            x = rng.uniform(-6, 0)
            line("polygamma_negative", [n, x], mp.polygamma(n, mp.mpf(x)))


if __name__ == "__main__":
    main()
