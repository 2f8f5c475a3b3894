"""Programs of calls with ever new arguments: as many stay as may be used again, and no more."""

import os
import subprocess
import sys
import textwrap

import pytest

BODY = """
import proa

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4 / 1024

x = proa.arange(6.0).reshape([2, 3])
held = []

def call(i):
    y = x + 0.0
    y.stop_gradient = False
    z = proa.roll(y, i, axis=1) * proa.nn.functional.leaky_relu(y, 1e-6 * i)
    pieces = proa.unbind(proa.zeros([i % 700 + 1]))
    if i % 1000 == 0:
        held.append((i, y, z))
    return len(pieces)

for i in range({first}):
    assert call(i) == i % 700 + 1
before = megabytes()
for i in range({first}, {last}):
    call(i)
grown = megabytes() - before
for i, y, z in held:  # by programs that the table has forgotten since
    z.sum().backward()
    slope = 1e-6 * i
    rolled = y.numpy()[:, [(k - i) % 3 for k in range(3)]]
    back = y.numpy()[:, [(k + i) % 3 for k in range(3)]]
    # y is not negative: leaky_relu(y) = y, its derivative 1, at 0 the slope.
    derivative = (y.numpy() > 0) + (y.numpy() <= 0) * slope
    assert abs(y.grad.numpy() - (rolled * derivative + back)).max() < 1e-6, i
print(grown)
"""


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitiser keeps what is freed"
)
def test_programs_of_ever_new_calls_do_not_stay():
    code = textwrap.dedent(BODY).format(first=3000, last=6000)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    # 446 where all programs stay.
    assert float(done.stdout) < 120, done.stdout
