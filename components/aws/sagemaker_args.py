"""Arguments of a managed endpoint, which all of its parts share."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pydantic import Field

from components.aws.ml_types import has_local_disk
from components.base import Args
from components.serving.objective import Objective
from components.serving.sagemaker import Asynchronous, Deployment, Serverless
from components.serving.scaling import Replicas


def endpoint_name(cluster: str, model: str) -> str:
    """Return a name that is unique in the account, where several stacks may serve a model of one name."""
    return f"{cluster}-{model}"


def role_name(endpoint: str, region: str) -> str:
    """Return the name of an endpoint's role: roles have no region of their own."""
    return f"{endpoint}-{region}"


class Variant(Args):
    """A version of the model. `source`: address of a file in S3, or of a folder with a slash at its end; None: it is in the image."""

    name: str
    image: str
    environment: Mapping[str, str]
    source: str | None
    weight: int


class SageMakerEndpointArgs(Args):
    """`name`: the endpoint's, unique in account and region. `capacity`: a type of instances, or serverless.

    `canary` None: all requests move at once. `start_seconds`: longest start of a server. `bucket`, `key_arn`: of the model store.
    """

    name: str
    region: str
    variants: list[Variant] = Field(min_length=1)
    capacity: str | Serverless
    replicas: Replicas
    concurrency: int
    asynchronous: Asynchronous | None = None
    canary: Deployment | None = None
    objective: Objective
    start_seconds: int
    vpc_id: str | pulumi.Output[str]
    subnet_ids: list[str | pulumi.Output[str]]
    bucket: str
    key_arn: pulumi.Output[str]
    log_retention_days: int

    @property
    def serverless(self) -> bool:
        return isinstance(self.capacity, Serverless)

    @property
    def encrypted_by_key(self) -> bool:
        """True if the instances have volumes that take a key of ours."""
        return isinstance(self.capacity, str) and not has_local_disk(self.capacity)

    @property
    def baking_seconds(self) -> int:
        """How long the alarms are watched after each step of a deployment."""
        return (self.canary or Deployment.model_validate({})).wait_seconds
