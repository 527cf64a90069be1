"""Names that scripts/mlops/delivery still imports; scripts/mlops/openai_requests.py replaces this file."""

from __future__ import annotations

from scripts.mlops.openai_requests import PATH, completed, question

QUESTION = question("smollm-text-generation")

__all__ = ["PATH", "QUESTION", "completed"]
