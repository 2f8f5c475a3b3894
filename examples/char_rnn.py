"""A recurrent network learns a poem by heart, letter by letter, and writes it down again.

python examples/char_rnn.py
"""

import numpy as np

import proa
from proa import nn

# William Blake, "Auguries of Innocence" (about 1803).
TEXT = (
    "To see a World in a Grain of Sand\n"
    "And a Heaven in a Wild Flower\n"
    "Hold Infinity in the palm of your hand\n"
    "And Eternity in an hour\n"
)


class CharModel(nn.Layer):
    """Letter -> embedding -> GRU -> scores of the next letter."""

    def __init__(self, letters: int, hidden: int = 48) -> None:
        super().__init__()
        self.embed = nn.Embedding(letters, 16)
        self.rnn = nn.GRU(16, hidden)
        self.score = nn.Linear(hidden, letters)

    def forward(self, indices, state=None):  # type: ignore[no-untyped-def]
        output, state = self.rnn(self.embed(indices), state)
        return self.score(output), state


def main() -> None:
    proa.seed(0)
    alphabet = sorted(set(TEXT))
    indices = np.array([[alphabet.index(letter) for letter in TEXT]])
    inputs, targets = proa.to_tensor(indices[:, :-1]), proa.to_tensor(indices[:, 1:])

    model = CharModel(len(alphabet))
    clip = nn.ClipGradByGlobalNorm(1.0)
    optimizer = proa.optimizer.Adam(0.02, parameters=model.parameters(), grad_clip=clip)
    for step in range(81):
        scores, _ = model(inputs)
        loss = nn.functional.cross_entropy(scores, targets)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        if step % 20 == 0:
            print(f"step {step:2d}: loss {loss.item():.4f}")

    written, state = indices[0, :1].tolist(), None
    with proa.no_grad():
        for _ in range(len(TEXT) - 1):
            scores, state = model(proa.to_tensor([[written[-1]]]), state)
            written.append(int(scores.argmax(-1).item()))
    poem = "".join(alphabet[index] for index in written)
    print(poem)
    right = sum(a == b for a, b in zip(poem, TEXT)) / len(TEXT)
    print(f"{right:.0%} of the letters are right")
    assert right > 0.9


if __name__ == "__main__":
    main()
