"""A model under its name: the addresses, InferenceServices and questions that follow from its entry."""

from __future__ import annotations

import json

from components.base import Args
from components.model_access import Account
from components.serving.folder import FOLDERS
from components.serving.model_service import ModelService
from components.serving.probe import Probe
from components.serving.protocols import Protocol
from components.serving.scaling import QueueScaling
from components.serving.triggers import PrometheusTrigger
from components.serving.versions import Version, part_name


class Part(Args):
    """One InferenceService of a model. `host` leads to its newest pods, and only to them.

    `percent`: the share of the requests that Knative gives to the newest pods; None: Knative splits nothing.
    """

    name: str
    host: str
    version: Version
    percent: int | None = None


class Question(Args):
    """One request and the JSON Schema of a right answer to it. Without `request` it is a GET."""

    path: str
    request: str | None
    answer: str


class Model(Args):
    """`name`: its key in the stack file, which is also its name in requests."""

    name: str
    entry: ModelService

    @property
    def namespace(self) -> str:
        return self.entry.namespace

    @property
    def account(self) -> Account:
        return Account(namespace=self.namespace, name=self.name)

    @property
    def protocol(self) -> Protocol:
        return self.entry.server.protocol_spoken

    @property
    def host(self) -> str:
        return f"{self.name}.{self._domain}"

    @property
    def url(self) -> str:
        """The users' address, from any pod."""
        return f"http://{self.host}{self.protocol.path(self.name)}"

    @property
    def versions(self) -> list[Version]:
        return self.entry.all_versions

    @property
    def parts(self) -> list[Part]:
        """An InferenceService for each version; in Knative mode a single one, which describes the candidate while there is one."""
        if self.entry.on_knative:
            newest = self.versions[-1]
            host = f"latest-{self.name}-predictor.{self._domain}"
            return [Part(name=self.name, host=host, version=newest, percent=newest.weight)]
        names = {part_name(self.name, version.name): version for version in self.versions}
        return [Part(name=name, host=f"{name}-predictor.{self._domain}", version=version) for name, version in names.items()]

    @property
    def question(self) -> Question:
        """The question of its readiness check: the entry's own probe, else its folder's, else the protocol's."""
        probe = self.entry.probe or _probe_of_the_folder(self.name) or self.protocol.probe(self.name)
        path = self.protocol.ready_path(self.name) if probe.request is None else self.protocol.path(self.name)
        return Question(
            path=probe.path or path,
            request=None if probe.request is None else json.dumps(probe.request, sort_keys=True),
            answer=json.dumps(probe.answer.schema_of_json(), sort_keys=True),
        )

    @property
    def triggers(self) -> list[PrometheusTrigger]:
        """The queries that its replicas follow; none if its autoscaler uses no queries."""
        scaling = self.entry.scaling
        return self.entry.server.triggers(scaling) if isinstance(scaling, QueueScaling) else []

    @property
    def _domain(self) -> str:
        return f"{self.namespace}.svc.cluster.local"


def _probe_of_the_folder(name: str) -> Probe | None:
    file = FOLDERS / name / "probe.json"
    return Probe.model_validate_json(file.read_text()) if file.is_file() else None
