"""`python -m scripts.local.accuracy [OPTIONS]`: checks the answers of a model of the running `local` stack (`make accuracy`).

The environment variable MODEL_NAME chooses it; the default is the stack file's first model.
"""

from __future__ import annotations

from scripts.local.client import become

if __name__ == "__main__":
    become("scripts.mlops.accuracy")
