"""The ASGI application: predictions take this module's short path, everything else (health, metadata, metrics) KServe's.

KServe's own prediction route goes through FastAPI, a timing middleware and generic decoders, which together cost more
than the network does (README.md). The short path calls the same kserve.Model, so its histograms stay KServe's.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import kserve
import orjson
from prometheus_client import Counter

from .protocol import MAX_BODY_BYTES, RequestError, decode, too_large

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MAX_DISCARDED_BYTES = 10 * MAX_BODY_BYTES

PING, INVOCATIONS = "/ping", "/invocations"
"""SageMaker's paths for readiness and for predictions, in the payload of either protocol."""

log = logging.getLogger("mnist")
REQUESTS = Counter("predictor_requests", "prediction requests by HTTP status", ["model_name", "protocol", "code"])


class Routes:
    """Answers POST on the prediction paths and readiness on SageMaker's; a malformed request gets its 4xx and reason, never a 5xx.

    `draining` (set on SIGTERM) makes every answer ask the client to close its connection, and readiness false.
    `served_by` goes out as X-Served-By with every answer, a failure's too: it shows the version when traffic is split.
    """

    def __init__(self, model: kserve.Model, kserve_app: App, served_by: str) -> None:
        self.draining = False
        self._headers = [(b"content-type", b"application/json"), (b"x-served-by", served_by.encode())]
        self._model = model
        self._kserve_app = kserve_app
        self._predictions = {f"/v1/models/{model.name}:predict": "v1", f"/v2/models/{model.name}/infer": "v2", INVOCATIONS: "sagemaker"}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        protocol = self._predictions.get(scope["path"])
        if protocol and scope["method"] == "POST":
            await self._predict(protocol, scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            # KServe would also let any client unload the model (/v2/repository/models/NAME/unload).
            allowed = ", ".join(self._predictions)
            await self._reply(send, 405 if protocol else 404, {"error": f"no such endpoint; POST a prediction to one of {allowed}"})
        elif scope["path"] == PING:
            await self._reply(send, 200 if self._model.ready and not self.draining else 503, {})
        else:
            await self._kserve_app(scope, receive, send)

    async def _predict(self, protocol: str, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            status, answer = 200, await self._answer(scope, receive)
        except RequestError as error:
            status, answer = error.status, {"error": error.reason}
            log.info("request refused", extra={"fields": {"protocol": protocol, "code": status, "reason": error.reason}})
        except RuntimeError:  # PyTorch's
            status, answer = 500, {"error": "the model failed; see the server's log"}
            log.exception("prediction failed", extra={"fields": {"protocol": protocol}})
        REQUESTS.labels(self._model.name, protocol, status).inc()
        await self._reply(send, status, answer)

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> dict[str, Any]:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if "inference-header-content-length" in headers:
            raise RequestError(415, "binary tensors are not supported; send the tensor as JSON")
        payload = decode(await _body(receive), headers.get("content-type"))
        answer, _ = await self._model(payload, headers)
        return dict(answer)

    async def _reply(self, send: Send, status: int, answer: dict[str, Any]) -> None:
        content = orjson.dumps(answer)
        headers = [*self._headers, (b"content-length", str(len(content)).encode())]
        if self.draining or status == 413:  # after a 413 more of the body may be on its way
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes:
    """The request's body; one over the limit is read to its end and dropped: while it sends, a client would get a reset, not an answer."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError(400, "the client left before its request was complete")
        size += len(message.get("body", b""))
        if size <= MAX_BODY_BYTES:
            chunks.append(message.get("body", b""))
        elif size > MAX_DISCARDED_BYTES:
            raise too_large()
        if not message.get("more_body"):
            break
    if size > MAX_BODY_BYTES:
        raise too_large()
    return b"".join(chunks)
