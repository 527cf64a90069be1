"""`python -m scripts.cloud.comment STACK`: publishes the last preview's summary as the stack's one comment on the pull request.

Runs in a GitHub workflow for a pull request; needs GITHUB_TOKEN with `pull-requests: write`. It updates an existing comment.
API: https://docs.github.com/rest/issues/comments
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from scripts.errors import DriverError
from scripts.preview.run import comment_file
from scripts.preview.summary import marker

API_VERSION = "2022-11-28"
SECONDS = 30


def publish(stack: str, body: str, repository: str, pull_request: int, client: httpx.Client) -> str:
    """Update the stack's comment, or create it if there is none; return its address."""
    comments = f"/repos/{repository}/issues/{pull_request}/comments"
    # Only a bot's comment counts, because any user may write the marker into a comment.
    found = [one for one in _all(client, comments) if one["body"].startswith(marker(stack)) and one["user"]["type"] == "Bot"]
    if found:
        answer = client.patch(f"/repos/{repository}/issues/comments/{found[0]['id']}", json={"body": body})
    else:
        answer = client.post(comments, json={"body": body})
    return str(_checked(answer).json()["html_url"])


def _all(client: httpx.Client, address: str) -> Iterator[dict[str, Any]]:
    """Items of all pages; GitHub names the next page."""
    page: str | None = f"{address}?per_page=100"
    while page:
        answer = _checked(client.get(page))
        yield from answer.json()
        page = answer.links.get("next", {}).get("url")


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise DriverError(f"GitHub answered {answer.status_code} to {answer.request.method} {answer.request.url}: {answer.text[:300]}")
    return answer


def main() -> int:
    (stack,) = sys.argv[1:]
    try:
        event = json.loads(Path(_set("GITHUB_EVENT_PATH")).read_text())
        headers = {"Authorization": f"Bearer {_set('GITHUB_TOKEN')}", "X-GitHub-Api-Version": API_VERSION}
        body = _previewed(stack)
        with httpx.Client(base_url=_set("GITHUB_API_URL"), headers=headers, timeout=SECONDS) as client:
            print(publish(stack, body, _set("GITHUB_REPOSITORY"), event["pull_request"]["number"], client))
    except (DriverError, httpx.HTTPError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _previewed(stack: str) -> str:
    file = comment_file(stack)
    if not file.exists():
        raise DriverError(f"{file} does not exist; run `make preview STACK={stack}` first")
    return file.read_text()


def _set(variable: str) -> str:
    if value := os.environ.get(variable):
        return value
    raise DriverError(f"{variable} is not set: this command runs in a GitHub workflow (.github/workflows/preview.yml)")


if __name__ == "__main__":
    sys.exit(main())
