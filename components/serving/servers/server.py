"""The properties that every kind of model server declares. A kind is one file beside this one; `__init__.py` lists them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import pulumi
from pydantic import Field

from components.artifacts import Image
from components.base import Args
from components.declared import Declared, ImageReference
from components.gpu import GpuDemand
from components.pods import SCRATCH
from components.scheduling import Quantities, Resources
from components.serving.protocols import Protocol
from components.serving.scaling import CpuScaling, QueueScaling, Scaling
from components.serving.triggers import PrometheusTrigger

HTTP_PORT = 8080
"""The port of a model server, by KServe's convention."""

MODEL_FOLDER = "/mnt/models"
"""The folder in which KServe's storage initializer puts a model's files."""

SCRATCH_MOUNT = {"name": "tmp", "mountPath": SCRATCH}
SCRATCH_VOLUME: dict[str, Any] = {"name": "tmp", "emptyDir": {}}


class RequestSeries(Args):
    """The series in which servers of a kind count their own requests. Versions are compared by them.

    `answered` and `failed` are label matchers: for all requests that count, and for those that failed. `histogram` is in seconds.
    """

    counter: str
    answered: str = ""
    failed: str
    histogram: str


class Server(Declared):
    """How one kind of model server runs. Fields are keys of a stack file; the kind itself declares everything else."""

    kind: str
    image: ImageReference | None = Field(
        None, description="Its image. Left out: the kind's pinned one, or images.<model>.server for the model's own server."
    )

    pinned: ClassVar[Image | None] = None
    """The image of the kind, or None if each model brings its own."""
    endings: ClassVar[tuple[str, ...]] = ()
    """Endings of the one file that the server reads; empty if it reads a folder."""
    source_required: ClassVar[bool] = True
    scalings: ClassVar[tuple[str, ...]] = ("cpu", "concurrency", "rps")
    """The values of `scaling.metric` that it supports."""
    series: ClassVar[RequestSeries | None] = None
    panels: ClassVar[tuple[str, ...]] = ()
    """Sections of the model's dashboard for the server's own metrics, by their names in components/observability/dashboards/servers.py."""
    alerts: ClassVar[tuple[str, ...]] = ()
    """Sets of alerts on the server's own metrics, by their names in components/observability/alerts/servers.py."""
    default_scaling: ClassVar[Scaling] = CpuScaling.model_validate({})
    default_resources: ClassVar[Resources] = Resources(requests=Quantities(cpu="1", memory="2Gi"), limits=Quantities(cpu="2", memory="4Gi"))
    default_latency_seconds: ClassVar[float] = 1.0
    """The objective for 95 % of the requests."""
    default_ready_within_seconds: ClassVar[int] = 300
    """Longest time from `pulumi up` to the first right answer, image pulls included."""
    default_sagemaker_type: ClassVar[str] = "ml.m5.large"

    @property
    def protocol_spoken(self) -> Protocol:
        raise NotImplementedError

    @property
    def model_format(self) -> str:
        """The name by which KServe matches model and runtime."""
        raise NotImplementedError

    @property
    def http_port(self) -> int:
        return HTTP_PORT

    @property
    def metrics_path(self) -> str | None:
        """The path of its metrics for Prometheus, or None if it has none."""
        return "/metrics"

    @property
    def gpu_count(self) -> int:
        """Whole GPUs of each replica."""
        return 0

    @property
    def gpu_demand(self) -> GpuDemand:
        """The GPUs that each replica needs, to be compared with the stack's GPUs."""
        return GpuDemand(count=self.gpu_count)

    @property
    def drain_seconds(self) -> int:
        """Longest time from SIGTERM to the end of the last request in flight."""
        return 30

    @property
    def secrets(self) -> Mapping[str, pulumi.Output[str]]:
        """Environment variables whose values are in a Secret."""
        return {}

    @property
    def variables(self) -> Collection[str]:
        """Names of the environment variables that an entry sets."""
        return ()

    @property
    def longest_start_seconds(self) -> int:
        """Longest start, before the container is restarted."""
        raise NotImplementedError

    def sagemaker_environment(self, model: str) -> dict[str, str]:
        """Return the environment in which the image serves on SageMaker, which starts it with the argument `serve` and no other.

        Raises ValueError for a setting that has no way there.
        """
        raise NotImplementedError

    def container(self, model: str) -> dict[str, Any]:
        """Return command, arguments, environment and probes. KServe adds the resources of the InferenceService."""
        raise NotImplementedError

    def volumes(self) -> list[dict[str, Any]]:
        return [SCRATCH_VOLUME]

    def triggers(self, scaling: QueueScaling) -> list[PrometheusTrigger]:
        """Return the queries that replicas follow with `scaling.metric: queue`."""
        raise NotImplementedError
