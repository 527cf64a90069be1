"""The predictor: `python -m mnist.server --model_name=mnist-classifier --model_dir=/mnt/models --http_port=8080`."""

# mypy: allow-subclassing-any
# The bases come from the image's packages, which this environment lacks.

import asyncio
import logging
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import kserve
import uvicorn
from kserve.model_server import app as kserve_app
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from prometheus_client import Histogram

from . import cpu, logs
from .arguments import read
from .batching import Batcher
from .engine import Classifier
from .model import WeightsError, find_weights, load
from .protocol import Images, answer, images_of
from .routes import App, Routes

MAX_BATCH = 32  # beyond it an image costs no less (README.md), and a request waits for two batches at most
BATCH_IMAGES = Histogram("predictor_batch_images", "images per run of the network", ["model_name"], buckets=(1, 2, 4, 8, 16, 32))

log = logging.getLogger("mnist")


class Mnist(kserve.Model):
    """KServe's view of the classifier: V1 and V2 payloads in, answers out; ready once the weights are loaded and warm."""

    def __init__(self, name: str, model_dir: Path) -> None:
        super().__init__(name)
        self._model_dir = model_dir
        self._batcher: Batcher | None = None

    def load(self) -> bool:
        """Loads and warms up the one weights file. Raises WeightsError."""
        threads = max(1, cpu.limit() - 1)  # the event loop needs one CPU: it would take the CPU of threads that wait for each other
        weights = find_weights(self._model_dir)
        classifier = Classifier(load(weights), threads, MAX_BATCH)
        self._batcher = Batcher(classifier.scores, MAX_BATCH, BATCH_IMAGES.labels(self.name).observe)
        self.ready = True
        log.info("model ready", extra={"fields": {"model": self.name, "weights": str(weights), "threads": threads}})
        return self.ready

    async def predict(self, payload: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:  # noqa: ARG002
        """The answer in the payload's protocol. Raises protocol.RequestError."""
        images: Images = images_of(payload)
        assert self._batcher is not None  # noqa: S101 (load() came first: the server starts after it)
        return answer(payload, await self._batcher.scores(images), self.name)

    def get_input_types(self) -> list[dict[str, Any]]:
        """For V2's model metadata."""
        return [{"name": "images", "datatype": "FP32", "shape": [-1, 1, 28, 28]}]

    def get_output_types(self) -> list[dict[str, Any]]:
        """For V2's model metadata."""
        return [{"name": "class", "datatype": "INT64", "shape": [-1]}, {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}]


class DrainingServer(uvicorn.Server):
    """On SIGTERM: readiness false at once; requests still answered for `drain_seconds`, because a pod's removal from its Service takes that
    long to be known everywhere; then no new connections, requests in flight finished, exit 0.
    """

    def __init__(self, config: uvicorn.Config, routes: Routes, model: Mnist, drain_seconds: float) -> None:
        super().__init__(config)
        self._routes, self._model, self._drain_seconds = routes, model, drain_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Listens."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Starts draining; a second signal ends it at once."""
        if self._loop is None or self._routes.draining:
            self.should_exit = True
            return
        self._routes.draining = True
        self._model.ready = False
        self._loop.call_soon_threadsafe(self._loop.call_later, self._drain_seconds, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


def main() -> None:
    """Serves until SIGTERM. Exits 1 with one line if the weights can't be used."""
    args = read()
    logs.configure()
    model = Mnist(args.model_name, args.model_dir)
    try:
        model.load()
    except WeightsError as error:
        log.critical(str(error))
        sys.exit(1)
    served_by = f"{os.environ.get('K_REVISION', '')}/{os.environ.get('HOSTNAME', '')}"  # Knative's revision, none without Knative; the pod
    routes = Routes(model, _kserve_application(model, args.http_port), served_by)
    config = uvicorn.Config(
        routes,
        host="0.0.0.0",  # noqa: S104 (a pod serves its Service)
        port=args.http_port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=65,  # above the idle timeout of the proxies in front, as KServe's own default
        timeout_graceful_shutdown=30,
    )
    DrainingServer(config, routes, model, args.drain_seconds).run()


def _kserve_application(model: Mnist, port: int) -> App:
    repository = kserve.ModelRepository()
    repository.update(model)
    rest = RESTServer("kserve.model_server:app", DataPlane(model_registry=repository), ModelRepositoryExtension(repository), port)
    rest.create_application()  # registers the routes on KServe's one application object
    application: App = kserve_app
    return application


if __name__ == "__main__":
    main()
