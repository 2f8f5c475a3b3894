"""Training steps as one graph: forward, backward, clip, optimizer, schedule. Bits of eager."""

import numpy as np
import pytest
from proa.jit import to_static
from proa.nn import functional as F

import proa
from proa import nn, optimizer

rng = np.random.default_rng(11)


def array(*shape):
    return rng.standard_normal(shape).astype("float32")


def bits(tensor):
    return tensor.numpy().tobytes(), str(tensor.dtype), list(tensor.shape)


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2D(1, 4, 3, padding=1), nn.BatchNorm2D(4), nn.ReLU(), nn.MaxPool2D(2),
            nn.Flatten(), nn.Dropout(0.25), nn.Linear(64, 16), nn.LayerNorm(16), nn.GELU(),
        )
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.body(x))


def mlp():
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Dropout(0.3), nn.LayerNorm(16),
                         nn.Linear(16, 5))


BATCHES = [(array(n, 6), rng.integers(0, 5, n)) for n in (4, 7, 7, 3, 8)]
IMAGES = [(array(n, 1, 8, 8), rng.integers(0, 5, n)) for n in (4, 6, 3, 6)]


def everything(model, made):
    """All that a step may have changed, as bits."""
    state = {k: bits(v) for k, v in made.state_dict().items() if isinstance(v, proa.Tensor)}
    numbers = {k: v for k, v in made.state_dict().items() if not isinstance(v, proa.Tensor)}
    numbers.pop("param_names")
    masters = numbers.pop("master_weights", {})
    names = {id(p): i for i, p in enumerate(model.parameters())}
    return (
        [bits(p) for p in model.parameters()],
        [None if p.grad is None else bits(p.grad) for p in model.parameters()],
        [bits(b) for b in model.buffers()],
        list(state.values()),
        [bits(v) for v in masters.values()],
        numbers,
        proa.get_rng_state(),
        len(names),
    )


def train(compiled, make_optimizer, *, model=mlp, batches=BATCHES, amp=None, scheduler=False,
          zero=False, scaler=None, dtype=None):
    """Losses and everything after each step; and how many graphs were made."""
    proa.seed(5)
    net = model()
    if dtype is not None:
        net.to(dtype=dtype)
    made = make_optimizer(net.parameters())
    rate = made._learning_rate

    def step(x, y):
        with proa.amp.auto_cast(enable=amp is not None, dtype=amp or "bfloat16"):
            loss = F.cross_entropy(net(x), y)
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.step(made)
            scaler.update()
        else:
            loss.backward()
            made.step()
        made.clear_grad(set_to_zero=zero)
        if scheduler:
            rate.step()
        return loss

    call = to_static(step) if compiled else step
    found = []
    for x, y in batches:
        x = proa.to_tensor(x)
        if dtype is not None:
            x = x.astype(dtype)
        loss = call(x, proa.to_tensor(y))
        found.append((bits(loss), everything(net, made)))
    return found, call


OPTIMIZERS = {
    "sgd": lambda p: optimizer.SGD(0.1, parameters=p, weight_decay=0.01),
    "momentum": lambda p: optimizer.Momentum(0.1, 0.9, p, use_nesterov=True),
    "adam": lambda p: optimizer.Adam(0.01, parameters=p),
    "amsgrad": lambda p: optimizer.Adam(0.01, parameters=p, amsgrad=True),
    "adamw": lambda p: optimizer.AdamW(0.01, parameters=p, weight_decay=0.1),
    "lamb": lambda p: optimizer.Lamb(0.01, parameters=p),
    "rmsprop": lambda p: optimizer.RMSProp(0.01, parameters=p, centered=True),
    "adagrad": lambda p: optimizer.Adagrad(0.01, parameters=p),
    "radam": lambda p: optimizer.RAdam(0.01, parameters=p),
    "nadam": lambda p: optimizer.NAdam(0.01, parameters=p),
    "rprop": lambda p: optimizer.Rprop(0.01, parameters=p),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bits_of_eager(name):
    plain, _ = train(False, OPTIMIZERS[name])
    graph, step = train(True, OPTIMIZERS[name])
    for i, (a, b) in enumerate(zip(graph, plain, strict=True)):
        assert a == b, i
    assert len(step.captures()) == 1, step.why()
    assert plain[0][1][0] != plain[1][1][0]  # it does train


CLIPS = {
    "value": lambda: nn.ClipGradByValue(0.01),
    "norm": lambda: nn.ClipGradByNorm(0.05),
    "global": lambda: nn.ClipGradByGlobalNorm(0.1),
    "global, skipped": lambda: nn.ClipGradByGlobalNorm(1e3, auto_skip_clip=True),
}


@pytest.mark.parametrize("name", CLIPS)
def test_clips(name):
    def make(p):
        return optimizer.AdamW(0.01, parameters=p, grad_clip=CLIPS[name]())

    plain, _ = train(False, make)
    graph, step = train(True, make)
    assert graph == plain
    assert len(step.captures()) == 1, step.why()


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_a_network_with_running_statistics_at_any_number_of_threads(threads):
    def make(p):
        return optimizer.Momentum(0.05, parameters=p, weight_decay=1e-3)

    before = proa.get_num_threads() if hasattr(proa, "get_num_threads") else None
    plain, _ = train(False, make, model=Net, batches=IMAGES)
    proa.set_num_threads(threads)
    try:
        graph, step = train(True, make, model=Net, batches=IMAGES)
    finally:
        if before is not None:
            proa.set_num_threads(before)
    assert graph == plain
    assert len(step.captures()) == 1, step.why()


SCHEDULES = {
    "noam": lambda: optimizer.lr.NoamDecay(16, 3),
    "step": lambda: optimizer.lr.StepDecay(0.1, 2),
    "cosine": lambda: optimizer.lr.CosineAnnealingDecay(0.1, 4),
    "restarts": lambda: optimizer.lr.CosineAnnealingWarmRestarts(0.1, 2),
    "warmup": lambda: optimizer.lr.LinearWarmup(
        optimizer.lr.CosineAnnealingDecay(0.1, 4), 2, 0.0, 0.1),
    "lambda": lambda: optimizer.lr.LambdaDecay(0.1, lambda epoch: 0.9**epoch),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_schedule_goes_on_and_captures_nothing_anew(name):
    def make(p):
        return optimizer.Adam(SCHEDULES[name](), parameters=p)

    plain, _ = train(False, make, scheduler=True)
    graph, step = train(True, make, scheduler=True)
    assert graph == plain
    assert len(step.captures()) == 1, step.why()


def test_a_rate_that_is_set_captures_nothing_anew():
    def run(compiled):
        proa.seed(0)
        net = mlp()
        made = optimizer.SGD(0.1, parameters=net.parameters())

        def step(x, y):
            F.cross_entropy(net(x), y).backward()
            made.step()
            made.clear_grad(set_to_zero=False)

        call = to_static(step) if compiled else step
        for i, (x, y) in enumerate(BATCHES):
            made.set_lr(0.1 / (i + 1))
            call(proa.to_tensor(x), proa.to_tensor(y))
        return [bits(p) for p in net.parameters()], call

    plain, _ = run(False)
    graph, step = run(True)
    assert graph == plain
    assert len(step.captures()) == 1


def test_gradients_that_are_there_are_added_to():
    """clear_grad() leaves zeros: the first call has no gradients, the others have some; one graph
    adds to both."""
    def make(p):
        return optimizer.Adam(0.01, parameters=p)

    plain, _ = train(False, make, zero=True)
    graph, step = train(True, make, zero=True)
    assert graph == plain
    assert len(step.captures()) == 1


def test_gradients_accumulate_over_calls():
    def run(compiled):
        proa.seed(0)
        net = mlp()

        def forward(x, y):
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            return loss

        call = to_static(forward) if compiled else forward
        found = []
        for x, y in BATCHES:
            call(proa.to_tensor(x), proa.to_tensor(y))
            found.append([bits(p.grad) for p in net.parameters()])
        return found

    assert run(True) == run(False)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_autocast_inside(dtype):
    def make(p):
        return optimizer.AdamW(0.01, parameters=p)

    plain, _ = train(False, make, amp=dtype)
    graph, step = train(True, make, amp=dtype)
    assert graph == plain
    assert len(step.captures()) == 1


def test_half_parameters_with_master_weights():
    def make(p):
        return optimizer.AdamW(0.01, parameters=p, multi_precision=True)

    plain, _ = train(False, make, dtype="bfloat16")
    graph, step = train(True, make, dtype="bfloat16")
    assert graph == plain
    assert len(step.captures()) == 1


def test_a_loss_scaler_skips_what_overflows():
    batches = [(x * (1e30 if i == 2 else 1.0), y) for i, (x, y) in enumerate(BATCHES)]
    found = []
    for compiled in (False, True):
        scaler = proa.amp.GradScaler(init_loss_scaling=1024.0, incr_every_n_steps=2)

        def make(p):
            return optimizer.Momentum(0.1, parameters=p)

        # Large numbers make the gradient of x * x infinite, not the loss alone.
        result, step = train(
            compiled, make, batches=batches, scaler=scaler,
            model=lambda: nn.Sequential(nn.Linear(6, 5), Square()))
        found.append((result, scaler.state_dict()))
    assert found[0] == found[1]
    assert found[1][1]["scale"] != 1024.0
    assert len(step.captures()) == 1, step.why()


class Square(nn.Layer):
    def forward(self, x):
        return x * x


def test_parameters_that_freeze_are_seen():
    def run(compiled):
        proa.seed(0)
        net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5))
        made = optimizer.SGD(0.1, parameters=net.parameters())

        def step(x, y):
            F.cross_entropy(net(x), y).backward()
            made.step()
            made.clear_grad(set_to_zero=False)

        call = to_static(step) if compiled else step
        for i, (x, y) in enumerate(BATCHES):
            net[0].weight.stop_gradient = i % 2 == 1
            call(proa.to_tensor(x), proa.to_tensor(y))
        return [bits(p) for p in net.parameters()], call

    plain, _ = run(False)
    graph, step = run(True)
    assert graph == plain
    assert len(step.captures()) == 2
    assert "stop_gradient" in step.why()


def test_loaded_optimizer_state_is_seen():
    def run(compiled):
        proa.seed(0)
        net = mlp()
        made = optimizer.Adam(0.01, parameters=net.parameters())

        def step(x, y):
            F.cross_entropy(net(x), y).backward()
            made.step()
            made.clear_grad(set_to_zero=False)

        call = to_static(step) if compiled else step
        data = [(proa.to_tensor(x), proa.to_tensor(y)) for x, y in BATCHES]
        call(*data[0])
        saved = {k: v.clone() if isinstance(v, proa.Tensor) else v
                 for k, v in made.state_dict().items()}
        call(*data[1])
        made.set_state_dict(saved)
        call(*data[2])
        return [bits(p) for p in net.parameters()]

    assert run(True) == run(False)


def test_steps_by_hand():
    """Parameters written under no_grad, gradients read and cleared by name."""
    def run(compiled):
        proa.seed(0)
        net = nn.Linear(6, 5)

        def step(x, y):
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            with proa.no_grad():
                for p in net.parameters():
                    p -= 0.1 * p.grad
                    p.clear_gradient()
            return loss

        call = to_static(step) if compiled else step
        return [(bits(call(proa.to_tensor(x), proa.to_tensor(y))),
                 [bits(p) for p in net.parameters()]) for x, y in BATCHES]

    assert run(True) == run(False)


def test_views_of_parameters_keep_what_eager_gives_them():
    proa.seed(0)
    net = nn.Linear(3, 2)
    made = optimizer.SGD(0.1, parameters=net.parameters())
    before = net.weight.detach()
    version = before._version

    @to_static
    def step(x):
        net(x).sum().backward()
        made.step()
        made.clear_grad(set_to_zero=False)

    start = bits(before)
    step(proa.ones([4, 3]))
    assert bits(before) == start  # the step gives the parameter new memory, as in eager
    assert bits(net.weight) != start
    assert before._version > version


def test_grad_inside():
    w = proa.to_tensor(array(5), stop_gradient=False)

    def penalty(x):
        x = x.detach()
        x.stop_gradient = False
        y = (x * w).tanh().sum()
        (g,) = proa.grad(y, [x], create_graph=True)
        loss = ((g * g).sum() - 1.0) ** 2
        loss.backward()
        return g, loss

    x = proa.to_tensor(array(5))
    want = [bits(t) for t in penalty(x)] + [bits(w.grad)]
    w.clear_grad()
    step = to_static(penalty)
    got = [bits(t) for t in step(x)] + [bits(w.grad)]
    assert got == want


def test_gradients_of_arguments():
    def f(x):
        y = (x * x).sum()
        y.backward()
        return y

    x = proa.to_tensor(array(4), stop_gradient=False)
    f(x)
    want = bits(x.grad)
    x.clear_grad()
    captured = to_static(f)
    captured(x)
    assert bits(x.grad) == want
    captured(x)
    f(z := proa.to_tensor(x.numpy(), stop_gradient=False))
    f(z)
    assert bits(x.grad) == bits(z.grad)


def test_results_say_that_the_gradient_was_taken_inside():
    w = proa.to_tensor(array(4), stop_gradient=False)

    @to_static
    def step(x):
        loss = (x * w).sum()
        loss.backward()
        return loss

    loss = step(proa.ones([4]))
    assert not loss.stop_gradient
    with pytest.raises(proa.StateError, match=r"backward\(\) was called inside"):
        loss.backward()


def test_backward_twice_inside_is_refused_as_in_eager():
    w = proa.to_tensor(array(4), stop_gradient=False)

    def step(x):
        loss = (x * w).sum()
        loss.backward()
        loss.backward()

    for call in (step, to_static(step)):
        with pytest.raises(proa.StateError, match="retain_graph"):
            call(proa.ones([4]))


def test_a_gradient_that_flows_out_is_refused():
    w = proa.to_tensor(array(4), stop_gradient=False)
    outer = w * 2

    def step(x):
        (x * outer).sum().backward()

    with pytest.raises(proa.NotSupportedError, match="computed outside"):
        to_static(step)(proa.ones([4]))


def test_a_metric_for_the_schedule_is_refused_with_its_line():
    net = nn.Linear(2, 1)
    rate = optimizer.lr.ReduceOnPlateau(0.1)
    made = optimizer.SGD(rate, parameters=net.parameters())

    def step(x):
        loss = net(x).sum()
        loss.backward()
        made.step()
        rate.step(loss)

    with pytest.raises(proa.NotSupportedError, match="test_training_step.py"):
        to_static(step)(proa.ones([4, 2]))
    assert rate.last_epoch == 0


def test_an_error_in_the_function_leaves_nothing_behind():
    proa.seed(0)
    net = mlp()
    rate = optimizer.lr.StepDecay(0.1, 1)
    made = optimizer.Adam(rate, parameters=net.parameters())
    start = [bits(p) for p in net.parameters()], rate.state_dict()

    @to_static
    def step(x, y):
        F.cross_entropy(net(x), y).backward()
        made.step()
        rate.step()
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        step(proa.to_tensor(BATCHES[0][0]), proa.to_tensor(BATCHES[0][1]))
    assert ([bits(p) for p in net.parameters()], rate.state_dict()) == start
    assert all(p.grad is None for p in net.parameters())
    assert not proa._proa._jit_capturing()
