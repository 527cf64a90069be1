"""The baseline: the same network on KServe's model server as in its documentation, one prediction per request, all defaults.

Not deployed anywhere; compare_servers.py runs it. Needs PyTorch and KServe, so run it in the predictor's image.
"""

# mypy: allow-subclassing-any
# The bases come from the image's packages, which this environment lacks.

import sys
from pathlib import Path
from typing import Any

import kserve
import torch
from kserve import model_server

from mnist.model import load


class PlainMnist(kserve.Model):
    """V1 only, no validation."""

    def __init__(self, name: str, weights: Path) -> None:
        super().__init__(name)
        self._network = load(weights)
        self.ready = True

    def predict(self, payload: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:  # noqa: ARG002
        """The answer, in the same form as the predictor's."""
        images = torch.tensor(payload["instances"], dtype=torch.float32).reshape(-1, 1, 28, 28)
        with torch.inference_mode():
            scores = torch.softmax(self._network(images), dim=1)
        predictions = [{"class": int(row.argmax()), "probabilities": row.tolist()} for row in scores]
        return {"predictions": predictions}


if __name__ == "__main__":
    weights = Path(sys.argv.pop())  # the other options are KServe's own: --model_name, --http_port
    kserve.ModelServer(enable_grpc=False).start([PlainMnist(model_server.args.model_name, weights)])
