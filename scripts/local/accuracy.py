"""`python -m scripts.local.accuracy [OPTIONS]`: checks the answers of a model of the running `local` stack (`make accuracy`).

MODEL_NAME in the environment says which; the first one of the stack file if it does not.
"""

from __future__ import annotations

from scripts.local.client import become

if __name__ == "__main__":
    become("scripts.mlops.accuracy")
