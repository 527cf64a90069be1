"""Real handwritten digits and their split into training and held-out, the same for training, tests and the live check.

Source: the 1,797 digits of 8x8 pixels that scikit-learn ships (UCI, E. Alpaydin and C. Kaynak, 1998), scaled to 28x28
pixels of 0..1, which is also what the server takes. Needs numpy and scikit-learn, not PyTorch.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIDE = 28
SEED = 20261121
HELD_OUT_PER_CLASS = 40  # 400 of 1,797; enough that one wrong digit moves the accuracy by a quarter percent


@dataclass(frozen=True)
class Digits:
    """Images [N, 28, 28] of 0..1, their labels, and their ids: row numbers in the source."""

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]

    def only(self, ids: list[int]) -> "Digits":
        """The digits with these ids, in their order."""
        return Digits(self.images[ids], self.labels[ids], self.ids[ids])


@dataclass(frozen=True)
class Split:
    """Two disjoint, sorted lists of ids that together name every digit."""

    train: list[int]
    held_out: list[int]


def load() -> Digits:
    """All digits of the source."""
    rows = np.loadtxt(_source(), delimiter=",", dtype=np.int64)
    images = enlarge((rows[:, :-1].reshape(-1, 8, 8) / 16).astype(np.float32))
    return Digits(images, rows[:, -1], np.arange(len(rows)))


def enlarge(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Images [N, 8, 8] as [N, 28, 28], bilinear between pixel centres, edges held; the range of the values is kept."""
    weights = _interpolation(images.shape[-1], SIDE)
    return np.clip(weights @ images @ weights.T, 0, 1).astype(np.float32)


def split(labels: npt.NDArray[np.int64], seed: int = SEED) -> Split:
    """The stratified split: of each class the HELD_OUT_PER_CLASS ids that come first when ordered by a hash of seed and id.

    A hash, not a random generator: its order is the same in every version of Python and numpy.
    """
    held_out: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        held_out += sorted(members, key=lambda member: hashlib.sha256(f"{seed}:{member}".encode()).digest())[:HELD_OUT_PER_CLASS]
    return Split(train=sorted(set(range(len(labels))) - set(held_out)), held_out=sorted(held_out))


def _source() -> Path:
    """The file of `sklearn.datasets.load_digits()`: to import scikit-learn takes 2 s of a core, and every `make up` shows a digit."""
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the handwritten digits are those of the package scikit-learn, which is not installed here")
    return Path(found.origin).with_name("datasets") / "data" / "digits.csv.gz"


def _interpolation(small: int, large: int) -> npt.NDArray[np.float32]:
    centres = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    left = np.minimum(centres.astype(int), small - 2)
    weights = np.zeros((large, small), np.float32)
    weights[np.arange(large), left] = 1 - (centres - left)
    weights[np.arange(large), left + 1] = centres - left
    return weights
