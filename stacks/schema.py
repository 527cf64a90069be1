"""Writes the JSON Schema with which editors complete and check `Pulumi.<stack>.yaml`: `python -m stacks.schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stacks.config import NAMESPACE, StackConfig

PATH = Path(__file__).parents[1] / "schema" / "stack.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of a whole stack file; Pulumi checks keys of other namespaces."""
    stack = StackConfig.model_json_schema(by_alias=True)
    sections = {f"{NAMESPACE}:{key}": value for key, value in stack["properties"].items()}
    known = "|".join(stack["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of the inference platform",
        "type": "object",
        "properties": {
            "config": {"type": "object", "properties": sections, "patternProperties": {f"^{NAMESPACE}:(?!({known})$)": False}},
        },
        "$defs": stack["$defs"],
    }


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text())
