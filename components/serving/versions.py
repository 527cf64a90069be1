"""Versions of a model and their shares of the requests: canary, blue/green, A/B and shadow are written as weights.

Standard mode: an InferenceService for each version and one weighted route; a change of weights restarts no pod.
Canary: weights 90 and 10. Blue/green: 100 and 0, then 0 and 100. Roll back: the weights before. Remove: weight 0, then leave it out.

Knative mode: at most two versions, stable first. The InferenceService describes the candidate and `canaryTrafficPercent` is its weight;
stable is the revision that KServe recorded as rolled out to all users. So the state is a sequence, and each step is one update:

- try      stable 90, candidate 10. Weight 0 keeps the candidate dark: only its tag address answers.
- promote  the candidate alone. Its pods run already and no revision is made, so no request waits.
- go back  candidate 0 first: stable has all requests at once, no pod starts. To remove the candidate then, stable again as the candidate
           with weight 0: stable is described again, still dark, while its old revision serves; and when that is ready, stable alone.
           Removing the candidate in one step instead would send all requests to it until stable's new revision is ready, since the
           route follows the latest *ready* revision.

A candidate of weight 0 on a model without one returns to the version before the current one
(kserve:pkg/apis/serving/v1beta1/inference_service_status.go@v0.20.0, PropagateStatus). On a first deployment KServe ignores the percentage.
Both depend on the live state, which this program does not see; `make preview` and `make rollout` check it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from components.declared import Declared, ImageReference
from components.serving.sources import Source

Percent = Annotated[int, Field(ge=0, le=100)]
VersionName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$")]
"""Short enough to be a Kubernetes name with the model's name and `keda-hpa-` in front of it."""

EXPERIMENT_HEADER = "X-Experiment-Group"
RESERVED_HEADERS = ("host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te")
"""Headers that HTTP itself uses: a client cannot send a group's name there."""

FIRST = "v1"
"""The name of a version that is written as `source` alone. Its InferenceService has the model's plain name, which users know."""


class Version(Declared):
    """One version of a model."""

    name: VersionName = Field(description="Its name among the model's versions.")
    source: Source | None = Field(None, description="Address of its files. Left out: its image brings them.")
    image: ImageReference | None = Field(None, description="Server image of this version. Left out: the model's.")
    weight: Percent = Field(description="Percent of the requests; the sum of all versions is 100. With 0 it still runs.")

    renamed: ClassVar[Mapping[str, str]] = {"model": "source"}

    @property
    def content(self) -> tuple[str | None, str | None]:
        """The files and the server, by which versions differ."""
        return self.source, self.image

    def __str__(self) -> str:
        return " on ".join(part for part in self.content if part) or "the server's own image"


class Experiment(Declared):
    """A/B: a request with a group's name in the header gets that group's version, regardless of the weights."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = Field(EXPERIMENT_HEADER, description="The request's header.")
    groups: Annotated[dict[Annotated[str, Field(min_length=1)], str], Field(min_length=1, max_length=15)] = Field(
        description="Group → version."
    )


class Shadow(Declared):
    """A version of weight 0 that gets copies of requests; its answers are discarded."""

    version: str = Field(description="Its name.")
    percent: Annotated[int, Field(ge=1, le=100)] = Field(100, description="Share of the requests that are copied.")


def part_name(model: str, version: str) -> str:
    """Return the name of the InferenceService that serves one version."""
    return model if version == FIRST else f"{model}-{version}"


def check_versions(versions: Sequence[Version], *, on_knative: bool) -> None:
    """Raise ValueError if two versions are the same, the weights do not add up, or the mode does not support them."""
    _check_unique("name", [version.name for version in versions])
    total = sum(version.weight for version in versions)
    if total != 100:
        raise ValueError(f"weights add up to {total}, not to 100")
    if on_knative and len(versions) > 2:
        raise ValueError(f"{len(versions)} versions: Knative splits requests between two, stable and its candidate")
    again = on_knative and len(versions) == 2 and versions[1].weight == 0
    if not again:
        _check_unique("source and image", [str(version) for version in versions])


def _check_unique(what: str, values: Sequence[str]) -> None:
    if twice := [value for value, count in Counter(values).items() if count > 1]:
        raise ValueError(f"two versions have the {what} {twice[0]}")


def check_experiment(experiment: Experiment, versions: Sequence[Version]) -> None:
    """Raise ValueError for a header that no client can set, or a group without a version."""
    if experiment.header.lower() in RESERVED_HEADERS:
        raise ValueError(f"header {experiment.header} belongs to HTTP itself; choose another one, such as {EXPERIMENT_HEADER}")
    names = [version.name for version in versions]
    for group, version in experiment.groups.items():
        if version not in names:
            raise ValueError(f"group {group} names version {version}; there are {', '.join(names)}")


def check_shadow(shadow: Shadow, versions: Sequence[Version]) -> None:
    """Raise ValueError for a shadow that does not exist, or that gets requests of its own."""
    weights = {version.name: version.weight for version in versions}
    if shadow.version not in weights:
        raise ValueError(f"there is no version {shadow.version} to shadow; there are {', '.join(weights)}")
    if weights[shadow.version] > 0:
        raise ValueError(
            f"version {shadow.version} has weight {weights[shadow.version]}; a shadow has weight 0, or it would get requests twice"
        )
