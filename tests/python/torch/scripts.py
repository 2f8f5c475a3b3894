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
