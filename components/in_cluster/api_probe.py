"""Asks until an aggregated API answers: the API server knows it, and reaches the pods behind it."""

import os
import sys

from components.in_cluster import api, patience


def obstacle(group_version: str) -> str | None:
    """Return None if the API server has listed the API's resources, else the reason."""
    try:
        api.call(f"/apis/{group_version}")
    except OSError as error:
        return str(error)
    return None


def main() -> int:
    group_version = os.environ["API"]
    return patience.ask(lambda: obstacle(group_version), f"the API {group_version} does not answer")


if __name__ == "__main__":
    sys.exit(main())
