"""SageMaker's way to start and to ask the server. KServe and Prometheus' client, which only the image has, are stood in for."""

import asyncio
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnist import arguments


class Model:
    """Answers each payload with its keys, as the kserve.Model of the server does with predictions."""

    name = "digits"

    def __init__(self, ready: bool) -> None:
        self.ready = ready

    async def __call__(self, payload: dict[str, Any], _headers: dict[str, str]) -> tuple[dict[str, Any], None]:
        return {"asked": sorted(payload)}, None


class Counter:
    def __init__(self, *_arguments: object) -> None:
        pass

    def labels(self, *_values: object) -> "Counter":
        return self

    def inc(self) -> None:
        pass


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    modules: dict[str, Any] = {"kserve": SimpleNamespace(Model=Model), "prometheus_client": SimpleNamespace(Counter=Counter)}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    yield importlib.import_module("mnist.routes")
    del sys.modules["mnist.routes"]


async def nothing_of_kserve(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("KServe has no such path")


def asked(routes: Any, method: str, path: str, body: bytes = b"", ready: bool = True, draining: bool = False) -> tuple[int, bytes]:  # noqa: ANN401
    application = routes.Routes(Model(ready), nothing_of_kserve, "/pod")
    application.draining = draining
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"content-type", b"application/json")]}
    asyncio.run(application(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_ping_is_its_readiness(routes: Any) -> None:  # noqa: ANN401
    assert asked(routes, "GET", "/ping")[0] == 200
    assert asked(routes, "GET", "/ping", ready=False)[0] == 503
    assert asked(routes, "GET", "/ping", draining=True)[0] == 503


@pytest.mark.parametrize("key", ["instances", "inputs"])
def test_invocations_take_the_payload_of_either_protocol(routes: Any, key: str) -> None:  # noqa: ANN401
    assert asked(routes, "POST", "/invocations", f'{{"{key}": []}}'.encode()) == (200, f'{{"asked":["{key}"]}}'.encode())


def test_a_malformed_invocation_gets_its_reason(routes: Any) -> None:  # noqa: ANN401
    status, body = asked(routes, "POST", "/invocations", b"no JSON")
    assert status == 400
    assert b"isn't valid JSON" in body


def test_kserves_own_paths_are_as_before(routes: Any) -> None:  # noqa: ANN401
    assert asked(routes, "POST", "/v1/models/digits:predict", b'{"instances": []}')[0] == 200
    assert asked(routes, "POST", "/v2/repository/models/digits/unload")[0] == 404
    assert asked(routes, "POST", "/ping")[0] == 404


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        (["serve"], "/opt/ml/model"),
        ([], "/mnt/models"),
        (["--model_name=digits", "--model_dir=/mnt/models", "--http_port=8080"], "/mnt/models"),
        (["serve", "--model_dir=/here"], "/here"),
    ],
)
def test_the_argument_serve_says_where_the_weights_are(given: list[str], folder: str) -> None:
    args = arguments.read(given)
    assert args.model_dir == Path(folder)
    assert args.http_port == 8080
