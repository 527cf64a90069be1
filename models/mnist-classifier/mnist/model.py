"""The MNIST network and how its weights are loaded."""

# mypy: allow-subclassing-any
# The bases come from the image's packages, which this environment lacks.

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (PyTorch's own spelling)

WEIGHTS_FILE = "mnist_cnn_single_gpu.pt"


class WeightsError(Exception):
    """The weights can't be used; the message says which file and what to do, in one line."""


class MnistCnn(nn.Module):
    """The CNN of PyTorch's MNIST example: two convolutions, one pooling, two linear layers; ten logits out, for pixels of 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        # The example drops 0.25 and 0.5, which is for 60,000 images: of 1,397 it learns too little.
        self.dropout1 = nn.Dropout(0.2)
        self.dropout2 = nn.Dropout(0.2)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [N, 10] of images [N, 1, 28, 28]."""
        x = F.relu(self.conv1(images))
        x = F.relu(self.conv2(x))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = x.reshape(x.shape[0], 9216)
        x = self.dropout2(F.relu(self.fc1(x)))
        logits: Tensor = self.fc2(x)
        return logits


def load(path: Path) -> MnistCnn:
    """A network in evaluation mode with the state-dict at `path`, also one saved from (Distributed)DataParallel. Raises WeightsError."""
    model = MnistCnn()
    state = _without_wrapper_prefix(_read(path))
    expected = model.state_dict()
    if problem := _difference(state, expected):
        raise WeightsError(f"{path} isn't a state-dict of this network: {problem}")
    model.load_state_dict(state)
    model.eval()
    return model


def find_weights(model_dir: Path) -> Path:
    """The weights file below the folder that KServe's storage initializer filled. Raises WeightsError unless there is exactly one `.pt`."""
    if (named := model_dir / WEIGHTS_FILE).is_file():
        return named
    found = sorted(model_dir.glob("*.pt")) if model_dir.is_dir() else []
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise WeightsError(f"{model_dir} must hold {WEIGHTS_FILE} or one other .pt file, found: {names}; check the service's storageUri")
    return found[0]


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        # weights_only: an unpickled file could otherwise run any code it carries.
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"{path} doesn't exist; check the service's storageUri") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{path} isn't a PyTorch weights file ({reason}); save it with torch.save(model.state_dict(), path)") from None
    if not isinstance(loaded, Mapping) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise WeightsError(f"{path} holds a {type(loaded).__name__}, not a state-dict; save it with torch.save(model.state_dict(), path)")
    return loaded


def _without_wrapper_prefix(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("module."): value for name, value in state.items()}


def _difference(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str | None:
    if missing := sorted(expected.keys() - state.keys()):
        return f"no {', '.join(missing)}"
    if unknown := sorted(state.keys() - expected.keys()):
        return f"unknown {', '.join(unknown)}"
    for name, tensor in expected.items():
        if state[name].shape != tensor.shape:
            return f"{name} is {list(state[name].shape)}, expected {list(tensor.shape)}"
        if not bool(torch.isfinite(state[name]).all()):
            return f"{name} has values that aren't finite"
    return None
