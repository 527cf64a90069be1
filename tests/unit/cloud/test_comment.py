"""One comment per stack, whatever else is on the pull request: against an HTTP server that keeps comments as GitHub does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.cloud import comment
from scripts.preview.plan import Plan
from scripts.preview.summary import Summary, markdown

COMMENTS = "/repos/us/platform/issues/7/comments"
PAGE = 2
"""Smaller than GitHub's, so that a second page is read."""


@dataclass
class GitHub:
    comments: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def add(self, body: str, kind: str = "Bot") -> dict[str, Any]:
        made = {"id": len(self.comments), "body": body, "user": {"type": kind}, "html_url": f"https://github.example/{len(self.comments)}"}
        self.comments.append(made)
        return made


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    fake = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            page = int(query.partition("page=")[2]) if query.startswith("page=") else 0
            rest = len(fake.comments) > (page + 1) * PAGE
            link = f'<http://127.0.0.1:{self.server.server_port}{path}?page={page + 1}>; rel="next"' if rest else ""  # type: ignore[attr-defined]
            self._answer(fake.comments[page * PAGE : (page + 1) * PAGE] if path == COMMENTS else None, link)

        def do_POST(self) -> None:
            self._answer(fake.add(self._body()) if self.path == COMMENTS else None)

        def do_PATCH(self) -> None:
            found = fake.comments[int(self.path.rpartition("/")[2])]
            found["body"] = self._body()
            self._answer(found)

        def _body(self) -> str:
            return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

        def _answer(self, content: object, link: str = "") -> None:
            fake.tokens.add(self.headers["Authorization"])
            self.send_response(404 if content is None else 200)
            if link:
                self.send_header("Link", link)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        event = tmp_path / "event.json"
        event.write_text('{"pull_request": {"number": 7}}')
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
        monkeypatch.setenv("GITHUB_REPOSITORY", "us/platform")
        monkeypatch.setenv("GITHUB_TOKEN", "of-the-run")
        monkeypatch.setattr(comment, "comment_file", lambda stack: tmp_path / f"preview-{stack}.md")
        yield fake
        server.shutdown()


def run(stack: str, plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    (folder / f"preview-{stack}.md").write_text(markdown(Summary(stack, plan)))
    monkeypatch.setattr("sys.argv", ["comment", stack])
    return comment.main()


def test_running_twice_updates_and_never_adds(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("one", "two", "three"):
        github.add(text)
    assert run("dev", Plan(unchanged=1), tmp_path, monkeypatch) == 0
    assert run("dev", Plan(unchanged=2), tmp_path, monkeypatch) == 0
    assert [one["body"] for one in github.comments] == ["one", "two", "three", markdown(Summary("dev", Plan(unchanged=2)))]
    assert github.tokens == {"Bearer of-the-run"}


def test_each_stack_has_a_comment_of_its_own(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stack in ("dev", "prod", "dev"):
        assert run(stack, Plan(), tmp_path, monkeypatch) == 0
    assert [one["body"].splitlines()[1] for one in github.comments] == [
        "### dev: no changes, 0 unchanged",
        "### prod: no changes, 0 unchanged",
    ]


def test_a_persons_comment_with_the_marker_is_left_alone(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = github.add(markdown(Summary("dev", Plan())), kind="User")["body"]
    assert run("dev", Plan(unchanged=3), tmp_path, monkeypatch) == 0
    assert github.comments[0]["body"] == copied
    assert len(github.comments) == 2


def test_what_github_refuses_is_told(
    github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "us/another")
    assert run("dev", Plan(), tmp_path, monkeypatch) == 1
    assert "error: GitHub answered 404 to GET" in capsys.readouterr().err
    assert not github.comments


@pytest.mark.parametrize("variable", ["GITHUB_TOKEN", "GITHUB_EVENT_PATH"])
def test_outside_a_workflow_it_says_what_is_missing(
    variable: str, github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(variable)
    assert run("dev", Plan(), tmp_path, monkeypatch) == 1
    assert f"error: {variable} is not set" in capsys.readouterr().err
    assert not github.comments
