"""`python -m scripts.local.load [OPTIONS]`: loads a model of the running `local` stack and counts its replicas (`make load`).

MODEL_NAME in the environment says which; the first one of the stack file if it does not.
"""

from __future__ import annotations

from scripts.local.client import Asked, become
from scripts.mlops.questions import OPENAI


def words(asked: Asked) -> list[str]:
    """Return how its replicas are counted, and what a language model has beside that. The bench has no GPU."""
    model = asked.model
    watched = [word for part in model.parts for word in ("--replicas-of", f"{model.namespace}/{part.name}")]
    if asked.protocol != OPENAI:
        return watched
    prometheus = asked.sections.get("monitoring", {}).get("prometheusUrl")
    return [*watched, *(["--prometheus", prometheus] if prometheus else []), *(["--cpu"] if asked.cluster.is_bench else [])]


if __name__ == "__main__":
    become("scripts.mlops.load_test", words)
