"""The network as it is run: one TorchScript graph on oneDNN, so that a batch is one call without Python's lock. Figures: README.md."""

# mypy: allow-subclassing-any
# The bases come from the image's packages, which this environment lacks.

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (PyTorch's own spelling)

from .model import MnistCnn
from .protocol import SIDE, Images, Scores

# TorchScript specialises on the first calls and oneDNN prepares a kernel per batch size; without warm-up a request waits some 20 ms.
_WARM_UP_CALLS = 3


class Classifier:
    """Class probabilities of batches of up to `max_batch` images, on `threads` CPU threads. Construction warms up: seconds, then steady."""

    def __init__(self, model: MnistCnn, threads: int, max_batch: int) -> None:
        torch.set_num_threads(threads)
        example = torch.zeros(1, 1, SIDE, SIDE)
        with torch.no_grad():  # not inference_mode: the graph's constants must be ordinary tensors for oneDNN to repack them
            self._graph = torch.jit.optimize_for_inference(torch.jit.trace(_Convolutional(model).eval(), example))
        for size in range(1, max_batch + 1):
            for _ in range(_WARM_UP_CALLS):
                self._run(example.repeat(size, 1, 1, 1))

    def scores(self, images: Images) -> Scores:
        """Probabilities [N, 10]. Blocks; call it from one thread only."""
        scores: Scores = self._run(torch.from_numpy(images)).numpy()
        return scores

    def _run(self, images: Tensor) -> Tensor:
        with torch.inference_mode():
            result: Tensor = self._graph(images)
        return result


class _Convolutional(nn.Module):
    """The same function, its linear layers written as convolutions: oneDNN then runs the whole graph (else fc1 takes half the time)."""

    def __init__(self, model: MnistCnn) -> None:
        super().__init__()
        self.conv1, self.conv2 = model.conv1, model.conv2
        self.fc1 = _as_convolution(model.fc1, channels=64, side=12)
        self.fc2 = _as_convolution(model.fc2, channels=128, side=1)

    def forward(self, images: Tensor) -> Tensor:
        x = F.relu(self.conv1(images))
        x = F.relu(self.conv2(x))
        x = F.relu(self.fc1(F.max_pool2d(x, 2)))
        return F.softmax(self.fc2(x).flatten(1), dim=1)


def _as_convolution(linear: nn.Linear, channels: int, side: int) -> nn.Conv2d:
    convolution = nn.Conv2d(channels, linear.out_features, side)
    with torch.no_grad():
        convolution.weight.copy_(linear.weight.reshape(convolution.weight.shape))
        convolution.bias.copy_(linear.bias)
    return convolution
