"""`python -m scripts.local.load [OPTIONS]`: loads a model of the running `local` stack and counts its replicas (`make load`).

The environment variable MODEL_NAME chooses it; the default is the stack file's first model.
"""

from __future__ import annotations

from scripts.local.client import Asked, become
from scripts.mlops.questions import OPENAI


def words(asked: Asked) -> list[str]:
    """Return the options that count replicas, and those for a language model. The bench has no GPU."""
    model = asked.model
    watched = [word for part in model.parts for word in ("--replicas-of", f"{model.namespace}/{part.name}")]
    if asked.protocol != OPENAI:
        return watched
    prometheus = asked.sections.get("monitoring", {}).get("prometheusUrl")
    return [*watched, *(["--prometheus", prometheus] if prometheus else []), *(["--cpu"] if asked.cluster.is_bench else [])]


if __name__ == "__main__":
    become("scripts.mlops.load_test", words)
