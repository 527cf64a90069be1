"""Asks until an aggregated API answers: the API server knows it, and reaches the pods behind it."""

import os
import sys
import time

from components.in_cluster import api


def obstacle(group_version: str) -> str | None:
    """Return None if the API server has listed the API's resources, else the reason."""
    try:
        api.call(f"/apis/{group_version}")
    except OSError as error:
        return str(error)
    return None


def main() -> int:
    group_version = os.environ["API"]
    end = time.monotonic() + float(os.environ["PATIENCE_SECONDS"])
    while reason := obstacle(group_version):
        if time.monotonic() > end:
            print(f"the API {group_version} does not answer: {reason}"[:4000], file=sys.stderr)
            return 1
        time.sleep(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
