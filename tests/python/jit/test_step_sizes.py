"""One graph and one set of kernels for all sizes: counted over 100 batch sizes and lengths."""

import numpy as np
from proa.jit import to_static
from proa.nn import functional as F

import proa
from proa import nn


class Block(nn.Layer):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.attend(self.norm(x)).reshape([batch, length, 3, self.heads, -1])
        q, k, v = (t.transpose([0, 2, 1, 3]) for t in qkv.unbind(2))
        scores = q @ k.transpose([0, 1, 3, 2]) * (width // self.heads) ** -0.5
        at = proa.arange(length)
        earlier = at.unsqueeze(0) <= at.unsqueeze(1)
        odds = F.softmax(proa.where(earlier, scores, -1e9), -1)
        mixed = (odds @ v).transpose([0, 2, 1, 3]).reshape([batch, length, width])
        return x + self.drop(F.gelu(self.join(mixed)))


class Model(nn.Layer):
    def __init__(self, signs=17, width=16, longest=64):
        super().__init__()
        self.signs, self.places = nn.Embedding(signs, width), nn.Embedding(longest, width)
        self.block = Block(width, 2)
        self.head = nn.Linear(width, signs)

    def forward(self, signs):
        x = self.signs(signs) + self.places(proa.arange(signs.shape[1]))
        return self.head(self.block(x))


def make(compiled):
    proa.seed(1)
    net = Model()
    rate = proa.optimizer.lr.CosineAnnealingDecay(0.01, 100)
    optimizer = proa.optimizer.AdamW(rate, parameters=net.parameters(),
                                     grad_clip=nn.ClipGradByGlobalNorm(1.0))

    def step(signs):
        logits = net(signs[:, :-1])
        loss = F.cross_entropy(logits.reshape([-1, 17]), signs[:, 1:].reshape([-1]))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad(set_to_zero=False)
        rate.step()
        return loss

    return net, to_static(step) if compiled else step


def kernels():
    report = proa.compiler.report()
    return report.compiled + report.from_disk + report.from_memory, report.fallbacks


def test_no_graph_and_no_kernel_is_made_over_100_sizes():
    rng = np.random.default_rng(0)
    _, step = make(True)
    proa.seed(2)
    step(proa.to_tensor(rng.integers(0, 17, (4, 9))))
    made = kernels()
    for _ in range(100):
        batch, length = int(rng.integers(2, 9)), int(rng.integers(3, 60))
        step(proa.to_tensor(rng.integers(0, 17, (batch, length))))
    assert len(step.captures()) == 1, step.why()
    assert kernels() == made


def test_the_bits_of_eager_at_many_sizes():
    found = []
    for compiled in (False, True):
        rng = np.random.default_rng(5)
        net, step = make(compiled)
        proa.seed(3)
        losses = []
        for _ in range(6):
            batch, length = int(rng.integers(1, 6)), int(rng.integers(3, 40))
            losses.append(step(proa.to_tensor(rng.integers(0, 17, (batch, length)))).item())
        found.append((losses, [p.numpy().tobytes() for p in net.parameters()]))
    assert found[0] == found[1]
