"""Writes the tables of keys in docs/models.md from the types that check a stack file: `python -m stacks.reference`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.scheduling import Quantities, Resources
from components.serving.model_service import ModelService
from components.serving.objective import Objective
from components.serving.probe import Answer, Probe
from components.serving.sagemaker import Asynchronous, Deployment, SageMaker, Serverless
from components.serving.scaling import ConcurrencyScaling, CpuScaling, QueueScaling, Replicas, RpsScaling
from components.serving.servers.custom import CustomServer
from components.serving.servers.pytorch import PytorchServer
from components.serving.servers.vllm import VllmServer
from components.serving.versions import Experiment, Shadow, Version

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- Written by `make schema`; a test compares it with the types. -->\n", "<!-- The end of what is written. -->\n"

TABLES: dict[str, type[BaseModel]] = {
    "An entry": ModelService,
    "`server`, kind `vllm`": VllmServer,
    "`server`, kind `pytorch`": PytorchServer,
    "`server`, kind `custom`": CustomServer,
    "An item of `versions`": Version,
    "`experiment`": Experiment,
    "`shadow`": Shadow,
    "`replicas`": Replicas,
    "`scaling`, metric `cpu`": CpuScaling,
    "`scaling`, metric `concurrency`": ConcurrencyScaling,
    "`scaling`, metric `rps`": RpsScaling,
    "`scaling`, metric `queue`": QueueScaling,
    "`resources`": Resources,
    "`resources.requests` and `resources.limits`": Quantities,
    "`objective`": Objective,
    "`probe`": Probe,
    "`probe.answer`": Answer,
    "`sagemaker`": SageMaker,
    "`sagemaker.serverless`": Serverless,
    "`sagemaker.asynchronous`": Asynchronous,
    "`sagemaker.deployment`": Deployment,
}
"""Title of each table → the type whose fields it lists."""


def tables() -> str:
    return "\n".join(_table(title, section) for title, section in TABLES.items())


def page(text: str) -> str:
    """Return the page with its tables written from the types."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def _table(title: str, section: type[BaseModel]) -> str:
    rows = [_row(field.alias or name, field) for name, field in section.model_fields.items()]
    return "\n".join([f"### {title}", "", "| key | default | meaning |", "|---|---|---|", *rows, ""])


def _row(key: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|").replace("<", "&lt;")
    return f"| `{key}` | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    """Return the default as text of a stack file; empty if there is no default."""
    if field.is_required():
        return "required"
    if isinstance(field.default, BaseModel):
        given = field.default.model_dump(by_alias=True, exclude_unset=True)
        return f"`{json.dumps(given)}`" if given else ""
    return f"`{json.dumps(field.default)}`" if isinstance(field.default, str | int | float) else ""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
