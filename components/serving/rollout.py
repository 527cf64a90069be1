"""How a new version of a model takes over: a canary in Knative mode, weighted versions in Standard mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from components.base import Args
from components.serving.gateway import Gateway

Percent = Annotated[int, Field(ge=0, le=100)]
EXPERIMENT_HEADER = "X-Experiment-Group"


class KnativeCanary(Args):
    """A candidate that gets `percent` of the requests, beside the last version that had all of them.

    While it stands, the InferenceService describes the candidate: in Knative the latest revision is the canary, and the other one
    is what KServe recorded as rolled out to everybody. So the state is a sequence, and each step is one update:

    - try       `canary: {model: B, percent: 10}`: B starts; when ready it gets 10 %. 0 keeps it dark: only its tag address answers.
    - promote   `model: B`, no canary. B's pods run already and no revision is made, so nobody waits.
    - go back   `percent: 0` first: A has everybody at once, no pod starts. To remove B then, `canary: {percent: 0}` without model or
      image: A is described again, still dark, while A's old revision serves; and when that is ready, no canary at all.
      Dropping the canary in one step instead would send everybody to B until A's new revision is ready: the route follows the
      latest *ready* revision.

    `percent: 0` alone on a service without a candidate returns to the version before the current one
    (kserve:pkg/apis/serving/v1beta1/inference_service_status.go@v0.20.0, PropagateStatus). On a first deployment KServe ignores the
    percentage. Both depend on the live state, which this program does not see: `make preview` and the rollout script do.
    """

    model: str | None = None
    image: str | None = None
    percent: Percent

    @model_validator(mode="after")
    def _somebody_to_send_requests_to(self) -> Self:
        check_canary(None, self)
        return self


class Canary(Protocol):
    """What the rules need to know of a canary, whoever describes it."""

    @property
    def model(self) -> str | None: ...
    @property
    def image(self) -> str | None: ...
    @property
    def percent(self) -> int: ...


def check_canary(stable: str | None, canary: Canary) -> None:
    """Raises ValueError for a canary that is none. `stable`: the model that it stands beside, where that is known."""
    if canary.model is None and canary.image is None and canary.percent > 0:
        raise ValueError(f"percent {canary.percent} goes to no candidate: name its model or its image, or write percent 0")
    if canary.model is not None and canary.model == stable and canary.image is None:
        raise ValueError(f"model {stable} is the stable one too; a candidate has another model or another image")


class Version(Args):
    """One version beside others. `image` None: the runtime's. `weight`: percent of the requests; 0 keeps it warm."""

    name: str
    model: str
    image: str | None = None
    weight: Percent


class Experiment(Args):
    """A/B: who sends `header` with a group's name gets that group's version, whatever the weights say."""

    header: str = EXPERIMENT_HEADER
    groups: Annotated[dict[str, str], Field(min_length=1)]


class Shadow(Args):
    """A version that gets a copy of `percent` of the requests; its answers reach nobody."""

    version: str
    percent: Annotated[int, Field(ge=1, le=100)] = 100


class Versions(Args):
    """Standard mode: an InferenceService per version, and one route in front. What the route says changes without a pod's restart.

    Canary: weights 90 and 10. Blue/green: 100 and 0, then 0 and 100. Roll back: the weights before. Remove: weight 0, then leave it out.
    """

    gateway: Gateway
    versions: Annotated[list[Version], Field(min_length=1)]
    experiment: Experiment | None = None
    shadow: Shadow | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_versions(self.versions)
        weights = {version.name: version.weight for version in self.versions}
        if self.experiment:
            check_groups(self.experiment.groups, weights)
        if self.shadow:
            check_shadow(self.shadow.version, weights)
        return self


class Weighted(Protocol):
    """What the rules need to know of a version, whoever describes it."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def image(self) -> str | None: ...
    @property
    def weight(self) -> int: ...


def check_versions(versions: Sequence[Weighted]) -> None:
    """Raises ValueError when two versions are one, or the weights leave requests over."""
    for what, values in (
        ("name", [version.name for version in versions]),
        ("model and image", [f"{version.model} {version.image or ''}".rstrip() for version in versions]),
    ):
        if twice := [value for value, count in Counter(values).items() if count > 1]:
            raise ValueError(f"two versions have the {what} {twice[0]}")
    total = sum(version.weight for version in versions)
    if total != 100:
        raise ValueError(f"weights add up to {total}, not to 100")


def check_groups(groups: Mapping[str, str], weights: Mapping[str, int]) -> None:
    for group, version in groups.items():
        if version not in weights:
            raise ValueError(f"group {group} names version {version}; there are {', '.join(weights)}")


def check_shadow(version: str, weights: Mapping[str, int]) -> None:
    if version not in weights:
        raise ValueError(f"there is no version {version} to shadow; there are {', '.join(weights)}")
    if weights[version] > 0:
        raise ValueError(f"version {version} has weight {weights[version]}; a shadow has weight 0, or it would get requests twice")
