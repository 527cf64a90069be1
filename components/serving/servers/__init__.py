"""The kinds of model servers: a file for each. A new kind is a file here and a member of `ServerKind`."""

from typing import Annotated

from pydantic import Tag

from components.declared import chosen_by
from components.serving.servers.custom import CustomServer
from components.serving.servers.pytorch import PytorchServer
from components.serving.servers.vllm import VllmServer

ServerKind = Annotated[
    Annotated[PytorchServer, Tag("pytorch")] | Annotated[VllmServer, Tag("vllm")] | Annotated[CustomServer, Tag("custom")],
    chosen_by("kind", "pytorch", "vllm", "custom"),
]
