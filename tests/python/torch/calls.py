"""More scripts: single calls of tensors, functions, layers, optimizers and schedulers."""

from __future__ import annotations

import math

from scripts import script, settle, wave


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


@script
def rarer_methods(torch, nn, optim, F):
    x = wave(torch, 3, 4)
    sq = wave(torch, 3, 3)
    a = torch.tensor([1.0, float("nan"), 3.0, 2.0]).double()
    return {
        "clamp_min": x.clamp_min(0.1),
        "clamp_max": torch.clamp_max(x, 0.1),
        "adjoint": x.adjoint(),
        "fliplr": x.fliplr(),
        "flipud": torch.flipud(x),
        "ravel": x.ravel(),
        "argwhere": (x > 0.3).argwhere(),
        "msort": torch.msort(x),
        "float_power": torch.arange(4).float_power(2),
        "logaddexp2": torch.logaddexp2(x, -x),
        "vdot": torch.vdot(x[0], x[1]),
        "logdet": torch.logdet(sq @ sq.t() + torch.eye(3).double()),
        "diagonal_scatter": sq.diagonal_scatter(torch.zeros(3).double()),
        "select_scatter": x.select_scatter(torch.ones(4).double(), 0, 1),
        "slice_scatter": x.slice_scatter(torch.ones(3, 2).double(), 1, 1, 4, 2),
        "nanmedian": a.nanmedian(),
        "nansum": a.nansum(),
        "amax": x.amax(dim=(0, 1)),
        "aminmax": torch.aminmax(x, dim=1)[0],
        "count": torch.count_nonzero(x > 0),
        "std_mean": torch.std_mean(x, dim=1)[0],
        "var_mean": torch.var_mean(x)[1],
        "scatter_reduce": torch.ones(3)
        .double()
        .scatter_reduce(0, torch.tensor([0, 0, 2]), x[0, :3], "amax"),
        "index_fill": x.index_fill(1, torch.tensor([0]), -1.0),
        "index_copy": x.index_copy(0, torch.tensor([2]), x[:1]),
        "swap": x.view(1, 3, 4).swapaxes(0, 2),
        "addmv": torch.addmv(x[:, 0], sq, x[:, 1], beta=0.5),
        "addr": torch.addr(sq, x[:, 0], x[:, 1], alpha=2),
        "addbmm": torch.addbmm(sq, x.view(1, 3, 4), x.t().reshape(1, 4, 3)),
        "addcdiv": torch.addcdiv(x, x, x.abs() + 1, value=0.3),
        "rsub": torch.rsub(x, 1.0, alpha=2),
        "heaviside": torch.heaviside(x, torch.tensor(0.5).double()),
        "sinc": torch.sinc(x),
        "xlogy": torch.special.xlogy(x, x.abs() + 0.1),
        "expit": torch.special.expit(x),
        "ndtr": torch.special.ndtr(x),
        "ndtri": torch.special.ndtri(torch.sigmoid(x)),
        "polygamma": torch.special.polygamma(1, x.abs() + 0.5),
        "exp2": torch.special.exp2(x),
        "normal_shape": torch.tensor(torch.normal(torch.zeros(2, 3), 1.0).shape),
        "tril_indices": torch.tril_indices(3, 4, -1),
        "linspace": torch.linspace(0, 1, 5),
        "arange": torch.arange(1, 2.5, 0.5),
        "randint": torch.tensor(torch.randint(5, (2, 3)).shape),
        "eps": torch.tensor(
            [torch.finfo(torch.float32).eps, torch.iinfo(torch.int16).max]
        ).double(),
    }


@script
def recomputed(torch, nn, optim, F):
    block = settle(torch, nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4)).double())
    x = wave(torch, 3, 4).requires_grad_()
    y = torch.utils.checkpoint.checkpoint(block, x, use_reentrant=True)
    (y * y).sum().backward()
    return {"y": y, "dx": x.grad, "dw": block[0].weight.grad}


@script
def functions_and_jacobians(torch, nn, optim, F):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 3 * x**2

    x = wave(torch, 3).requires_grad_()
    (first,) = torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    point = wave(torch, 3)
    return {
        "first": first,
        "second": second,
        "jacobian": torch.autograd.functional.jacobian(lambda t: torch.outer(t, t.sin()), point),
        "hessian": torch.autograd.functional.hessian(lambda t: (t**3).sum() * t[0], point),
        "vjp": torch.autograd.functional.vjp(lambda t: t.exp(), point, torch.ones(3).double())[1],
    }


@script
def rarer_layers(torch, nn, optim, F):
    x = wave(torch, 2, 3, 6, 6)
    scores = wave(torch, 2, 4)
    labels = torch.tensor([[3, 0, -1, 1], [2, -1, 0, 0]])
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).double()
    settle(torch, model)
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model).eval()
    sampler = torch.utils.data.DistributedSampler(range(7), num_replicas=3, rank=1, shuffle=False)
    pool = nn.FractionalMaxPool2d(2, output_ratio=0.5)
    names = "|".join(converted.state_dict())
    return {
        "multilabel": nn.MultiLabelMarginLoss()(scores, labels),
        "multilabel_none": F.multilabel_margin_loss(scores, labels, reduction="none"),
        "sync": converted(x),
        "names": torch.tensor([float(ord(c)) for c in names]),
        "fractional": torch.tensor(pool(x).shape),
        "sampler": torch.tensor([*sampler, len(sampler)]),
        "upsample": F.upsample_bilinear(x, scale_factor=2),
        "sdpa": F.scaled_dot_product_attention(x, x, x, torch.ones(6, 6).tril().bool(), scale=0.3),
    }


@script
def linear_algebra(torch, nn, optim, F):
    a = wave(torch, 4, 4) + 2 * torch.eye(4).double()
    s = a @ a.t()
    b = wave(torch, 4, 2)
    sign, logabs = torch.linalg.slogdet(a)
    u, d, vh = torch.linalg.svd(wave(torch, 3, 5), full_matrices=False)
    u2, d2, v2 = torch.svd(wave(torch, 5, 3))
    q, r = torch.linalg.qr(b)
    values, vectors = torch.linalg.eigh(s)
    lower = torch.linalg.cholesky(s)
    return {
        "sign": sign,
        "logabs": torch.slogdet(a)[1],
        "svd": u @ torch.diag(d) @ vh,
        "values": d,
        "full": torch.tensor(torch.linalg.svd(b)[0].shape),
        "svd2": u2 @ torch.diag(d2) @ v2.t(),
        "qr": q @ r,
        "qr_r": r.abs(),
        "eigh": values,
        "eigh_back": vectors @ torch.diag(values) @ vectors.t(),
        "cholesky": lower,
        "inv": torch.linalg.inv(a),
        "det": torch.linalg.det(a),
        "solve": torch.linalg.solve(a, b),
        "triangular": torch.linalg.solve_triangular(lower, b, upper=False),
        "right": torch.linalg.solve_triangular(lower, b.t(), upper=False, left=False),
        "old": torch.triangular_solve(b, lower, upper=False)[0],
        "pinv": torch.linalg.pinv(b),
        "power": torch.linalg.matrix_power(a, 3),
        "norms": torch.stack(
            [
                torch.linalg.norm(a),
                torch.linalg.norm(a, "nuc"),
                torch.linalg.norm(a, 1),
                torch.linalg.norm(a, -math.inf),
                torch.linalg.norm(a, 2),
                torch.linalg.norm(b[:, 0], 3),
                torch.linalg.vector_norm(a),
                torch.linalg.cond(a),
                torch.linalg.cond(a, 1),
            ]
        ),
        "rows": torch.linalg.norm(a, dim=1),
        "matrix": torch.linalg.matrix_norm(a.view(1, 4, 4), math.inf, keepdim=True),
        "rank": torch.linalg.matrix_rank(b @ b.t()),
        "vecdot": torch.linalg.vecdot(a, s),
        "multi": torch.linalg.multi_dot([a, s, b]),
        "diagonal": torch.linalg.diagonal(a.view(1, 4, 4), offset=1),
    }
