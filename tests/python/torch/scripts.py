"""Ordinary PyTorch scripts, each a function of the framework: PyTorch itself made the golden values
(make_golden.py), proa.torch must give the same.

Weights are formulas of their index, so that no script depends on a generator of random numbers.
"""

from __future__ import annotations

import math

SCRIPTS = {}


def script(function):
    SCRIPTS[function.__name__] = function
    return function


def wave(torch, *shape, scale=1.0, shift=0.0):
    """Numbers that look drawn: a sine of the index."""
    count = math.prod(shape)
    index = torch.arange(count, dtype=torch.float64)
    return (torch.sin(index * 12.9898 + shift) * scale).reshape(shape)


def settle(torch, model, scale=0.3):
    """Formulas for weights, in the order of their names."""
    with torch.no_grad():
        for i, (_, parameter) in enumerate(sorted(model.named_parameters())):
            parameter.copy_(wave(torch, *parameter.shape, scale=scale, shift=float(i)))
    return model


def losses_and_weights(torch, losses, model):
    found = {"losses": torch.tensor(losses, dtype=torch.float64)}
    for name, value in model.state_dict().items():
        found[f"w/{name}"] = value
    return found


@script
def mlp(torch, nn, optim, F):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)).double()
    settle(torch, model)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
    criterion = nn.CrossEntropyLoss()
    x, y = wave(torch, 12, 4), torch.arange(12) % 3
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        predicted = model(x).argmax(dim=1)
        accuracy = (predicted == y).float().mean().item()
    found = losses_and_weights(torch, losses, model)
    found["accuracy"] = torch.tensor([accuracy])
    return found


@script
def cnn(torch, nn, optim, F):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, kernel_size=3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(4)
            self.conv2 = nn.Conv2d(4, 8, 3, 1, 1)
            self.pool = nn.MaxPool2d(2)
            self.drop = nn.Dropout(0.0)
            self.fc = nn.Linear(8 * 2 * 2, 5)

        def forward(self, x):
            x = self.pool(F.relu(self.bn1(self.conv1(x))))
            x = self.pool(F.relu(self.conv2(x)))
            x = torch.flatten(x, 1)
            return F.log_softmax(self.fc(self.drop(x)), dim=1)

    model = settle(torch, Net().double())
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    x, y = wave(torch, 6, 1, 8, 8), torch.tensor([0, 1, 2, 3, 4, 0])
    losses = []
    for _ in range(6):
        optimizer.zero_grad(set_to_none=True)
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    found = losses_and_weights(torch, losses, model)
    found["eval"] = model(x).detach()
    return found


@script
def lstm_tagger(torch, nn, optim, F):
    class Tagger(nn.Module):
        def __init__(self, vocabulary, size, hidden, tags):
            super().__init__()
            self.embed = nn.Embedding(vocabulary, size, padding_idx=0)
            self.lstm = nn.LSTM(size, hidden, num_layers=2, batch_first=True, bidirectional=True)
            self.out = nn.Linear(2 * hidden, tags)

        def forward(self, words):
            features, (h, c) = self.lstm(self.embed(words))
            assert h.size() == (4, words.size(0), 5)
            return self.out(features)

    model = settle(torch, Tagger(10, 6, 5, 4).double())
    optimizer = optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    words = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 0], [8, 9, 0, 0]])
    tags = (words * 3) % 4
    tags = tags.masked_fill(words == 0, -100)
    losses = []
    for _ in range(5):
        logits = model(words)
        loss = F.cross_entropy(logits.view(-1, 4), tags.view(-1), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses_and_weights(torch, losses, model)


@script
def gru_time_major(torch, nn, optim, F):
    model = settle(torch, nn.GRU(3, 4, num_layers=2).double())
    x = wave(torch, 5, 2, 3).requires_grad_()
    h0 = wave(torch, 2, 2, 4, shift=2.0)
    y, h = model(x, h0)
    (y.sum() + (h * h).sum()).backward()
    cell = settle(torch, nn.GRUCell(3, 4).double())
    rnn = settle(torch, nn.RNN(3, 4, nonlinearity="relu").double())
    return {
        "y": y,
        "h": h,
        "dx": x.grad,
        "dw": model.weight_hh_l1.grad,
        "cell": cell(x[0].detach(), h0[0]),
        "rnn": rnn(x.detach())[0],
    }


@script
def packed_sequences(torch, nn, optim, F):
    from_utils = nn.utils.rnn
    model = settle(torch, nn.LSTM(2, 3, batch_first=True).double())
    rows = [wave(torch, n, 2, shift=float(n)) for n in (3, 5, 2)]
    padded = from_utils.pad_sequence(rows, batch_first=True)
    packed = from_utils.pack_padded_sequence(
        padded, torch.tensor([3, 5, 2]), batch_first=True, enforce_sorted=False
    )
    y, (h, c) = model(packed)
    unpacked, lengths = from_utils.pad_packed_sequence(y, batch_first=True)
    return {
        "padded": padded,
        "data": packed.data,
        "sizes": packed.batch_sizes,
        "y": unpacked,
        "lengths": lengths,
        "h": h,
        "c": c,
    }


@script
def transformer_encoder(torch, nn, optim, F):
    class Positions(nn.Module):
        def __init__(self, size, longest=16):
            super().__init__()
            position = torch.arange(longest).unsqueeze(1)
            rate = torch.exp(torch.arange(0, size, 2).double() * (-math.log(10000.0) / size))
            table = torch.zeros(longest, size, dtype=torch.float64)
            table[:, 0::2] = torch.sin(position * rate)
            table[:, 1::2] = torch.cos(position * rate)
            self.register_buffer("table", table.unsqueeze(0))

        def forward(self, x):
            return x + self.table[:, : x.size(1)]

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(12, 8)
            self.positions = Positions(8)
            layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
            self.head = nn.Linear(8, 3)

        def forward(self, ids):
            padding = ids == 0
            x = self.encoder(self.positions(self.embed(ids)), src_key_padding_mask=padding)
            keep = (~padding).unsqueeze(-1).to(x.dtype)
            return self.head((x * keep).sum(dim=1) / keep.sum(dim=1))

    model = settle(torch, Classifier().double())
    optimizer = optim.AdamW(model.parameters(), lr=5e-3)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 3))
    ids = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0], [9, 10, 11, 1, 0]])
    target = torch.tensor([0, 1, 2])
    losses = []
    for _ in range(5):
        loss = F.cross_entropy(model(ids), target, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    found = losses_and_weights(torch, losses, model)
    found["rate"] = torch.tensor(schedule.get_last_lr(), dtype=torch.float64)
    return found


@script
def seq2seq_transformer(torch, nn, optim, F):
    model = nn.Transformer(
        d_model=8,
        nhead=2,
        num_encoder_layers=1,
        num_decoder_layers=2,
        dim_feedforward=12,
        dropout=0.0,
        activation="gelu",
        norm_first=True,
    ).double()
    settle(torch, model)
    src, tgt = wave(torch, 5, 2, 8), wave(torch, 4, 2, 8, shift=3.0)
    mask = nn.Transformer.generate_square_subsequent_mask(4).double()
    y = model(src, tgt, tgt_mask=mask)
    y.pow(2).mean().backward()
    return {"y": y, "dw": model.decoder.layers[1].multihead_attn.in_proj_weight.grad}


@script
def attention_weights(torch, nn, optim, F):
    attention = settle(
        torch, nn.MultiheadAttention(8, 2, kdim=6, vdim=5, batch_first=True).double()
    )
    q, k, v = wave(torch, 2, 3, 8), wave(torch, 2, 4, 6), wave(torch, 2, 4, 5)
    padding = torch.tensor([[False, False, False, True], [False, False, True, True]])
    y, weights = attention(q, k, v, key_padding_mask=padding)
    heads = F.scaled_dot_product_attention(
        q.view(2, 3, 2, 4).transpose(1, 2),
        q.view(2, 3, 2, 4).transpose(1, 2),
        q.view(2, 3, 2, 4).transpose(1, 2),
        is_causal=True,
    )
    return {"y": y, "weights": weights, "heads": heads}


@script
def gan_step(torch, nn, optim, F):
    generator = settle(
        torch, nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 2)).double()
    )
    critic = settle(
        torch, nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)).double()
    )
    opt_g = optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    opt_d = optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    real, noise = wave(torch, 6, 2, shift=1.0), wave(torch, 6, 3)
    losses = []
    for _ in range(4):
        fake = generator(noise)
        opt_d.zero_grad()
        loss_d = criterion(critic(real), torch.ones(6, 1).double()) + criterion(
            critic(fake.detach()), torch.zeros(6, 1).double()
        )
        loss_d.backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = criterion(critic(fake), torch.ones_like(critic(fake)))
        loss_g.backward()
        opt_g.step()
        losses += [loss_d.item(), loss_g.item()]
    return losses_and_weights(torch, losses, generator)


@script
def custom_function(torch, nn, optim, F):
    class Clamped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, low, high):
            ctx.save_for_backward(x)
            ctx.bounds = (low, high)
            return x.clamp(low, high)

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_tensors
            low, high = ctx.bounds
            inside = (x >= low) & (x <= high)
            return torch.where(inside, grad_output, 0.1 * grad_output), None, None

    x = wave(torch, 3, 4, scale=2.0).requires_grad_(True)
    y = Clamped.apply(x, -1.0, 1.0)
    (y * y).sum().backward()
    return {"y": y, "dx": x.grad}


@script
def second_order(torch, nn, optim, F):
    critic = settle(torch, nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double())
    x = wave(torch, 4, 3).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
    penalty.backward()
    return {"slope": slope, "penalty": penalty, "dw": critic[0].weight.grad}


@script
def data_loader(torch, nn, optim, F):
    class Pairs(torch.utils.data.Dataset):
        def __len__(self):
            return 7

        def __getitem__(self, index):
            return {"x": torch.full((2,), float(index)), "y": index % 2, "name": f"row{index}"}

    loader = torch.utils.data.DataLoader(Pairs(), batch_size=3, shuffle=False)
    seen = [batch["x"].sum(dim=1) for batch in loader]
    labels = torch.cat([batch["y"] for batch in loader])
    names = sum(len(batch["name"]) for batch in loader)
    tensors = torch.utils.data.TensorDataset(torch.arange(6).float(), torch.arange(6) * 2)
    pairs = [
        x.dot(y.float())
        for x, y in torch.utils.data.DataLoader(tensors, batch_size=2, drop_last=True)
    ]
    first, second = torch.utils.data.random_split(tensors, [4, 2])
    return {
        "seen": torch.cat(seen),
        "labels": labels,
        "pairs": torch.stack(pairs),
        "sizes": torch.tensor([len(loader), names, len(first), len(second)]),
    }


@script
def schedulers(torch, nn, optim, F):
    s = optim.lr_scheduler
    makers = {
        "step": lambda o: s.StepLR(o, step_size=3, gamma=0.5),
        "multistep": lambda o: s.MultiStepLR(o, milestones=[2, 5, 5], gamma=0.3),
        "exponential": lambda o: s.ExponentialLR(o, gamma=0.9),
        "cosine": lambda o: s.CosineAnnealingLR(o, T_max=8, eta_min=0.01),
        "restarts": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2),
        "constant": lambda o: s.ConstantLR(o, factor=0.25, total_iters=4),
        "linear": lambda o: s.LinearLR(o, start_factor=0.1, total_iters=5),
        "polynomial": lambda o: s.PolynomialLR(o, total_iters=7, power=2.0),
        "lambda": lambda o: s.LambdaLR(o, lr_lambda=lambda e: 0.9**e + 0.01 * e),
        "multiplicative": lambda o: s.MultiplicativeLR(o, lr_lambda=lambda e: 0.95 + 0.001 * e),
        "onecycle": lambda o: s.OneCycleLR(o, max_lr=0.5, total_steps=12),
        "threephase": lambda o: s.OneCycleLR(
            o, 0.5, epochs=3, steps_per_epoch=4, three_phase=True, anneal_strategy="linear"
        ),
        "cyclic": lambda o: s.CyclicLR(
            o, 0.01, 0.2, step_size_up=3, step_size_down=4, mode="triangular2"
        ),
        "sequential": lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.1, total_iters=4), s.CosineAnnealingLR(o, T_max=6)], milestones=[4]
        ),
        "chained": lambda o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)]),
    }
    found = {}
    for name, make in makers.items():
        weight = nn.Parameter(torch.zeros(2))
        optimizer = optim.SGD([weight], lr=0.4, momentum=0.9)
        scheduler = make(optimizer)
        rates = []
        for _ in range(11):
            rates.append([optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]])
            optimizer.step()
            scheduler.step()
        found[name] = torch.tensor(rates, dtype=torch.float64)
    optimizer = optim.SGD([nn.Parameter(torch.zeros(2))], lr=0.4)
    plateau = s.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.06)
    rates = []
    for metric in [1.0, 0.9, 0.9, 0.9, 0.9, 0.95, 0.96, 0.5, 0.6, 0.6, 0.7, 0.8]:
        plateau.step(metric)
        rates.append(optimizer.param_groups[0]["lr"])
    found["plateau"] = torch.tensor(rates, dtype=torch.float64)
    return found


@script
def optimizers(torch, nn, optim, F):
    makers = {
        "sgd": lambda p: optim.SGD(p, lr=0.1),
        "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
        "nesterov": lambda p: optim.SGD(p, 0.1, 0.9, nesterov=True),
        "maximize": lambda p: optim.SGD(p, lr=0.01, maximize=True),
        "adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.02),
        "amsgrad": lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
        "adamw": lambda p: optim.AdamW(p, lr=0.1),
        "adamax": lambda p: optim.Adamax(p, lr=0.1),
        "nadam": lambda p: optim.NAdam(p, lr=0.1),
        "radam": lambda p: optim.RAdam(p, lr=0.1, weight_decay=0.01),
        "adagrad": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.05),
        "adadelta": lambda p: optim.Adadelta(p, lr=1.0),
        "rmsprop": lambda p: optim.RMSprop(p, lr=0.05),
        "centered": lambda p: optim.RMSprop(p, lr=0.05, momentum=0.5, centered=True),
        "rprop": lambda p: optim.Rprop(p, lr=0.05),
        "asgd": lambda p: optim.ASGD(p, lr=0.05, t0=2),
    }
    found = {}
    for name, make in makers.items():
        w = nn.Parameter(wave(torch, 3, 2))
        b = nn.Parameter(wave(torch, 2, shift=1.0))
        optimizer = make([{"params": [w]}, {"params": [b], "lr": 0.03}])
        x, y = wave(torch, 5, 3, shift=2.0), wave(torch, 5, 2, shift=3.0)
        for _ in range(8):
            optimizer.zero_grad()
            ((x @ w + b - y) ** 2).mean().backward()
            optimizer.step()
        found[f"{name}/w"], found[f"{name}/b"] = w, b
    w = nn.Parameter(wave(torch, 3))
    optimizer = optim.LBFGS([w], lr=0.5, max_iter=8, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = ((w**2 - 0.3) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    found["lbfgs"] = w
    return found


@script
def resume(torch, nn, optim, F):
    def build():
        model = settle(torch, nn.Linear(3, 2).double())
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        return model, optimizer, optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

    def train(model, optimizer, scheduler, steps):
        x, y = wave(torch, 4, 3), wave(torch, 4, 2, shift=2.0)
        for _ in range(steps):
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
            scheduler.step()

    whole = build()
    train(*whole, 6)
    first = build()
    train(*first, 3)
    kept = [part.state_dict() for part in first]
    second = build()
    for part, state in zip(second, kept):
        part.load_state_dict(state)
    train(*second, 3)
    return {"whole": whole[0].weight, "resumed": second[0].weight}


@script
def tensor_methods(torch, nn, optim, F):
    x = wave(torch, 3, 4)
    values, indices = x.max(dim=1)
    low = torch.min(x, 0)
    ordered, places = torch.sort(x, dim=1, descending=True)
    top = x.topk(2, dim=1)
    found = {
        "max": values,
        "argmax": indices,
        "min": low.values,
        "argmin": low.indices,
        "maxall": x.max(),
        "maximum": torch.max(x, -x),
        "sorted": ordered,
        "places": places,
        "topk": top.values,
        "topi": top[1],
        "median": x.median(),
        "medians": x.median(dim=1)[0],
        "kth": x.kthvalue(2, dim=1).values,
        "cummax": x.cummax(dim=1)[0],
        "std": x.std(),
        "var": x.var(dim=0, unbiased=False),
        "std1": x.std(1, keepdim=True),
        "norm": x.norm(),
        "norm1": x.norm(1, dim=1),
        "sum": x.sum(1, True),
        "mean": x.mean((0, 1)),
        "split": torch.cat(x.split(3, dim=1)[::-1], dim=1),
        "chunk": x.chunk(2, dim=1)[1],
        "sections": x.split([1, 3], dim=1)[1],
        "transpose": x.transpose(0, 1),
        "t": x.t(),
        "permute": x.unsqueeze(0).permute(2, 0, 1),
        "view": x.view(2, -1),
        "flip": x.flip(0),
        "expand": x[:, :1].expand(-1, 3),
        "repeat": x.repeat(2, 1),
        "roll": x.roll(1, 0),
        "gather": x.gather(1, torch.tensor([[0, 1], [2, 3], [1, 1]])),
        "scatter": torch.zeros(3, 4).double().scatter_(1, torch.tensor([[0], [2], [3]]), 1.5),
        "scatter_add": torch.zeros(2, 4)
        .double()
        .scatter_add(0, torch.tensor([[0, 1, 0, 1]]), x[:1]),
        "index_add": torch.zeros(3, 4).double().index_add(0, torch.tensor([0, 2]), x[:2], alpha=2),
        "index_select": x.index_select(1, torch.tensor([3, 0])),
        "where": x.where(x > 0, -x),
        "masked": x.masked_fill(x < 0, 9.0),
        "picked": x[x > 0.5],
        "nonzero": (x > 0).nonzero(),
        "places2": torch.where(x > 0)[1],
        "clamp": x.clamp(min=-0.5, max=0.5),
        "add": torch.add(x, x, alpha=2),
        "sub": x.sub(1.0, alpha=3),
        "addmm": torch.addmm(x[:, :3], x, x.t()),
        "floor": torch.div(x, 0.3, rounding_mode="floor"),
        "trunc": x.div(0.3, rounding_mode="trunc"),
        "round": torch.round(x, decimals=2),
        "unflatten": x.unflatten(1, (2, 2)),
        "narrow": x.narrow(1, 1, 2),
        "select": x.select(0, 1),
        "squeeze": x[:1].squeeze(0),
        "unbind": x.unbind(1)[2],
        "stack": torch.stack(list(x), dim=1),
        "outer": torch.outer(x[0], x[1]),
        "einsum": torch.einsum("ij,kj->ik", x, x),
        "cumsum": x.cumsum(dim=0),
        "prod": x.prod(1),
        "any": (x > 0.9).any(dim=1),
        "all": (x > -2).all(),
        "logsumexp": x.logsumexp(dim=1),
        "tril": x.tril(),
        "diag": x.diagonal(),
        "bmm": torch.bmm(x.view(1, 3, 4), x.view(1, 4, 3)),
        "meshgrid": torch.meshgrid(x[0], x[1], indexing="ij")[1],
        "interleave": x.repeat_interleave(2, dim=1),
        "unique": torch.unique(torch.tensor([3, 1, 3, 2])),
        "movedim": x.view(1, 3, 4).movedim(0, 2),
        "onehot": F.one_hot(torch.tensor([0, 2, 1])),
        "full": torch.full((2, 2), 3),
        "long": x.mul(10).long(),
        "numel": torch.tensor([x.numel(), x.dim(), x.size(1), *x.size()]),
        "median_lower": torch.tensor([4.0, 1.0, 3.0, 2.0]).median(),
        "triu_indices": torch.triu_indices(3, 3, 1),
        "lerp": torch.lerp(x, -x, 0.25),
        "softmax": torch.softmax(x, dim=1),
        "addcmul": torch.addcmul(x, x, x, value=0.5),
        "baddbmm": torch.baddbmm(
            x.view(1, 3, 4)[:, :, :3], x.view(1, 3, 4), x.view(1, 4, 3), beta=0.5
        ),
    }
    y = x.clone()
    y.add_(1.0).mul_(2.0)
    y[0, :2] = 7.0
    y[:, -1] += x[:, 0]
    found["written"] = y
    z = x.new_zeros(2, 3).fill_(4.0)
    assert x.shape == (3, 4) and x.size() == torch.Size([3, 4]) and x.size(-1) == 4
    assert isinstance(x.numel(), int) and isinstance(torch.equal(x, x.clone()), bool)
    assert torch.equal(x, x.clone()) and not torch.equal(x, y) and torch.allclose(x, x + 1e-12)
    assert x.shape[:-1] + (7,) == (3, 7) and z.dtype == torch.float64 and x.device.type == "cpu"
    found["filled"] = z
    return found


@script
def functional_calls(torch, nn, optim, F):
    x = wave(torch, 2, 3, 6, 6)
    w = wave(torch, 4, 3, 3, 3, scale=0.2)
    logits, target = wave(torch, 4, 3), torch.tensor([0, 2, 1, 1])
    a, b = wave(torch, 4, 5), wave(torch, 4, 5, shift=1.0)
    p = torch.sigmoid(a)
    same = torch.sign(b[:, 0])
    mean, variance = torch.zeros(3).double(), torch.ones(3).double()
    normed = F.batch_norm(x, mean, variance, training=True, momentum=0.2)
    weight = torch.tensor([1.0, 0.5, 2.0]).double()
    found = {
        "conv": F.conv2d(x, w, stride=2, padding=1),
        "conv_t": F.conv_transpose2d(x, w.transpose(0, 1), stride=2),
        "max": F.max_pool2d(x, 2),
        "max_i": F.max_pool2d(x, 3, 2, 1, return_indices=True)[1],
        "avg": F.avg_pool2d(x, 3, 2, 1),
        "avg_c": F.avg_pool2d(x, 3, 2, 1, False, False),
        "adaptive": F.adaptive_avg_pool2d(x, (2, 3)),
        "interp": F.interpolate(x, scale_factor=2, mode="bilinear"),
        "interp_c": F.interpolate(x, size=(4, 9), mode="bicubic", align_corners=True),
        "nearest": F.interpolate(x, size=(3, 12)),
        "pad": F.pad(x, (1, 2, 0, 1)),
        "pad_v": F.pad(x, (1, 1), value=3.0),
        "reflect": F.pad(x, (1, 2, 2, 1), mode="reflect"),
        "replicate": F.pad(x[0], (1, 2), mode="replicate"),
        "unfold": F.unfold(x, 3, padding=1, stride=2),
        "fold": F.fold(F.unfold(x, 2, stride=2), (6, 6), 2, stride=2),
        "bn": normed,
        "bn_mean": mean,
        "bn_var": variance,
        "ln": F.layer_norm(x, (6, 6)),
        "gn": F.group_norm(x, 3),
        "in": F.instance_norm(x),
        "lrn": F.local_response_norm(x, 3),
        "linear": F.linear(a, wave(torch, 2, 5), wave(torch, 2)),
        "softmax": F.softmax(a, dim=0),
        "gelu": F.gelu(a),
        "gelu_t": F.gelu(a, approximate="tanh"),
        "glu": F.glu(a[:, :4]),
        "hardtanh": F.hardtanh(a, -0.3, 0.6),
        "elu": F.elu(a, 0.7),
        "softplus": F.softplus(a, beta=2),
        "threshold": F.threshold(a, 0.1, 5.0),
        "normalize": F.normalize(a),
        "cos": F.cosine_similarity(a, b),
        "pairwise": F.pairwise_distance(a, b),
        "pdist": F.pdist(a),
        "shuffle": F.pixel_shuffle(x.reshape(2, 12, 3, 3), 2),
        "ce": F.cross_entropy(logits, target),
        "ce_w": F.cross_entropy(logits, target, weight=weight),
        "ce_soft": F.cross_entropy(logits, F.softmax(logits * 2, 1), label_smoothing=0.2),
        "ce_map": F.cross_entropy(x, torch.arange(72).reshape(2, 6, 6) % 3, reduction="none"),
        "nll": F.nll_loss(F.log_softmax(logits, -1), target, reduction="sum"),
        "bce": F.binary_cross_entropy(p, p.round()),
        "kl": F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction="batchmean"),
        "l1": F.l1_loss(a, b),
        "smooth": F.smooth_l1_loss(a, b, beta=0.3),
        "huber": F.huber_loss(a, b, delta=0.4),
        "hinge": F.hinge_embedding_loss(a[:, 0], same),
        "margin": F.margin_ranking_loss(a[:, 0], b[:, 0], same, margin=0.1),
        "cosine": F.cosine_embedding_loss(a, b, same),
        "triplet": F.triplet_margin_loss(a, b, a.flip(0)),
        "soft": F.soft_margin_loss(a[:, 0], same),
        "mlsm": F.multilabel_soft_margin_loss(a, (b > 0).double()),
        "multi": F.multi_margin_loss(logits, target),
        "poisson": F.poisson_nll_loss(a, p, full=True),
        "gauss": F.gaussian_nll_loss(a, b, p),
        "grid": F.grid_sample(x, wave(torch, 2, 3, 3, 2), align_corners=False),
        "affine": F.affine_grid(wave(torch, 2, 2, 3), [2, 3, 4, 4], align_corners=True),
        "embedding": F.embedding(target, logits),
        "bilinear": F.bilinear(a, b, wave(torch, 2, 5, 5)),
        "ctc": F.ctc_loss(
            F.log_softmax(wave(torch, 8, 2, 5), -1), torch.tensor([1, 2, 3, 3, 4]), (8, 7), (3, 2)
        ),
    }
    return found


@script
def layer_zoo(torch, nn, optim, F):
    x = wave(torch, 2, 4, 6, 6)
    row = wave(torch, 2, 4, 9)
    layers = {
        "conv": nn.Conv2d(4, 6, 3, 2, 1, 1, 2, False),
        "conv_r": nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
        "conv_t": nn.ConvTranspose2d(4, 3, 3, 2, 1, 1),
        "bn": nn.BatchNorm2d(4),
        "gn": nn.GroupNorm(2, 4),
        "in": nn.InstanceNorm2d(4, affine=True),
        "ln": nn.LayerNorm([6, 6]),
        "avg": nn.AvgPool2d(3, 2, 1),
        "max": nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        "ad": nn.AdaptiveMaxPool2d(2),
        "prelu": nn.PReLU(4),
        "hard": nn.Hardtanh(-0.2, 0.4),
        "soft": nn.Softmax(dim=1),
        "flat": nn.Flatten(),
        "up": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        "pad": nn.ZeroPad2d((1, 2, 0, 1)),
        "shuffle": nn.PixelShuffle(2),
        "gelu": nn.GELU("tanh"),
        "sink": nn.Softshrink(0.2),
        "silu": nn.SiLU(),
        "unfold": nn.Unfold(3, dilation=1, padding=1, stride=2),
        "lp": nn.LPPool2d(2, 3),
        "thr": nn.Threshold(0.1, 20),
    }
    rows = {
        "conv1": nn.Conv1d(4, 3, 5, padding=2),
        "bn1": nn.BatchNorm1d(4),
        "max1": nn.MaxPool1d(2),
        "avg1": nn.AvgPool1d(3, 2, 1),
        "rms": nn.RMSNorm(9),
        "glu": nn.GLU(dim=1),
    }
    found = {}
    for name, layer in {**layers, **rows}.items():
        settle(torch, layer.double())
        given = (row if name in rows else x).clone().requires_grad_()
        y = layer(given)
        y.pow(2).sum().backward()
        found[name], found[f"{name}/dx"] = y, given.grad
        for key, value in layer.state_dict().items():
            found[f"{name}/{key}"] = value
    criteria = {
        "ce": nn.CrossEntropyLoss(label_smoothing=0.1),
        "nll": nn.NLLLoss(),
        "mse": nn.MSELoss(reduction="sum"),
        "smooth": nn.SmoothL1Loss(beta=0.5),
        "huber": nn.HuberLoss(),
        "kl": nn.KLDivLoss(reduction="batchmean"),
    }
    a, b, target = wave(torch, 4, 5), wave(torch, 4, 5, shift=1.0), torch.tensor([0, 4, 2, 1])
    for name, criterion in criteria.items():
        given = F.log_softmax(a, 1) if name in ("nll", "kl") else a
        wanted = target if name in ("ce", "nll") else b.softmax(1) if name == "kl" else b
        found[f"loss/{name}"] = criterion(given, wanted)
    return found


@script
def containers(torch, nn, optim, F):
    class Blocks(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
            self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 1)})
            self.scale = nn.Parameter(torch.ones(4))
            self.register_buffer("count", torch.zeros(1, dtype=torch.int64))

        def forward(self, x):
            for layer in self.layers:
                x = torch.relu(layer(x)) * self.scale
            self.count += 1
            return torch.cat([head(x) for head in self.heads.values()], dim=-1)

    model = settle(torch, Blocks().double())
    seen = []
    handle = model.layers[0].register_forward_hook(lambda m, i, o: seen.append(o.detach().sum()))
    y = model(wave(torch, 2, 4))
    handle.remove()
    model(wave(torch, 2, 4))
    for parameter in model.layers[0].parameters():
        parameter.requires_grad = False
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    names = "|".join(name for name, _ in model.named_parameters())
    modules = "|".join(type(m).__name__ for m in model.modules())
    codes = [float(ord(c)) for c in names + modules]
    return {
        "y": y,
        "seen": torch.stack(seen),
        "count": model.count,
        "codes": torch.tensor(codes),
        "trained": torch.tensor([trained, len(list(model.children())), len(seen)]),
    }


@script
def first_values(torch, nn, optim, F):
    # What is drawn differs between generators; bounds and shapes do not.
    torch.manual_seed(3)
    layer = nn.Linear(100, 50)
    bound = 1 / math.sqrt(100)
    conv = nn.Conv2d(8, 16, 3)
    w = nn.init.kaiming_normal_(torch.empty(400, 300), mode="fan_out", nonlinearity="relu")
    v = nn.init.xavier_uniform_(torch.empty(400, 300))
    nn.init.trunc_normal_(torch.empty(3, 3), std=0.02)
    nn.init.zeros_(layer.bias)
    return {
        "linear": torch.tensor(
            [layer.weight.abs().max().item() <= bound, layer.bias.sum().item() == 0]
        ),
        "spread": torch.tensor([layer.weight.abs().max().item() > 0.9 * bound]),
        "conv": torch.tensor([conv.weight.abs().max().item() <= 1 / math.sqrt(72)]),
        "normal": torch.tensor([abs(w.std().item() / math.sqrt(2 / 400) - 1) < 0.02]),
        "xavier": torch.tensor([abs(v.abs().max().item() / math.sqrt(6 / 700) - 1) < 0.01]),
    }


@script
def weight_tricks(torch, nn, optim, F):
    layer = settle(torch, nn.Linear(4, 3).double())
    flat = nn.utils.parameters_to_vector(layer.parameters())
    nn.utils.vector_to_parameters(flat * 2, layer.parameters())
    loss = layer(wave(torch, 2, 4)).pow(2).sum()
    loss.backward()
    total = nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
    nn.utils.clip_grad_value_(layer.parameters(), 0.1)
    tied = nn.Linear(4, 4, bias=False).double()
    other = nn.Linear(4, 4, bias=False).double()
    other.weight = tied.weight
    settle(torch, tied)
    return {
        "flat": flat,
        "total": total,
        "grad": layer.weight.grad,
        "tied": other(wave(torch, 1, 4)),
    }
