"""One kept-alive HTTP connection of a load.

http.client, not httpx: at 100 requests per second the client must not take the CPU that the server needs.
Measured on a busy 2-core machine: http.client 0.2 ms of CPU per request, httpx 0.9 ms.
"""

import http.client
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from scripts.mlops.load.measurement import UNKNOWN, Answered, NoAnswer, RequestFailed
from scripts.mlops.load.running import Connect, Request

TIMEOUT = 10.0
"""Longest wait for the next byte of an answer, in seconds."""

SERVED_BY = "X-Served-By"
"""The header in which this repository's servers name themselves, and its routes the version that they led to (components/serving)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 200 answer, and the version that gave it."""

    content: bytes
    version: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A 200 answer of which only the head has arrived."""

    response: http.client.HTTPResponse
    version: str

    def pieces(self) -> Iterator[bytes]:
        """The pieces of the body, each as soon as it arrives."""
        while piece := self.response.read1():
            yield piece


class HttpSession:
    """Posts JSON to one URL over one connection; without a body it sends a GET. `host` replaces the URL's host in the request.

    Raises ValueError for an address that is no HTTP URL.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT, host: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} isn't an address such as http://host/v1/models/<name>:predict")
        connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connection(parts.hostname, parts.port, timeout=timeout)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json"} | ({"Host": host} if host else {})

    def post(self, body: bytes | None) -> Answer:
        """Return a 200 answer. Raises RequestFailed for every other outcome."""
        with self.opened(body) as opened:
            return Answer(opened.response.read(), opened.version)

    @contextmanager
    def opened(self, body: bytes | None) -> Iterator[Opened]:
        """Yield a 200 answer for the block to read. Raises RequestFailed for other outcomes; one that the block raises, or an answer that
        breaks off there, gets the answer's version.
        """
        opened = None
        try:
            opened = self._asked(body)
            yield opened
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            # Other errors of http.client contain byte counts, which differ each time.
            reason = (str(error) if isinstance(error, OSError) else "") or type(error).__name__
            if opened is None:
                raise NoAnswer(f"no answer: {reason}") from None
            raise RequestFailed(f"the answer broke off: {reason}", opened.version) from None
        except RequestFailed as failed:
            if opened is None:
                raise
            raise RequestFailed(str(failed), opened.version) from None
        finally:
            if opened and not opened.response.isclosed():
                self._connection.close()  # otherwise the rest of this answer would be taken for the next one

    def _asked(self, body: bytes | None) -> Opened:
        if self._closed_by_peer():
            self._connection.close()  # the request opens a new one
        self._connection.request("GET" if body is None else "POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        version = version_of(response.headers.get(SERVED_BY))
        if response.status != http.client.OK:
            content = response.read()
            raise RequestFailed(f"status {response.status}: {content[:200].decode(errors='replace')}", version)
        return Opened(response, version)

    def _closed_by_peer(self) -> bool:
        """Return whether the server closed it while it was idle. HTTP pools check this before they send; a later close is a failure."""
        socket = self._connection.sock
        if socket is None:
            return False
        poll = select.poll()
        poll.register(socket, select.POLLIN)
        return bool(poll.poll(0))  # between two requests a server has nothing to send


def version_of(served_by: str | None) -> str:
    """Return the revision of `<revision>/<pod>`; without one (Standard mode) the pod's ReplicaSet."""
    revision, _, pod = (served_by or "").partition("/")
    return revision or pod.rpartition("-")[0] or pod or UNKNOWN


def posting(url: str, host: str, bodies: Sequence[bytes | None], check: Callable[[bytes], object], timeout: float = TIMEOUT) -> Connect:
    """Return connections that post the bodies in turn; `check` raises RequestFailed for the content of a 200 answer that is wrong."""

    def connect() -> Request:
        session = HttpSession(url, timeout, host)

        def request(number: int) -> Answered:
            with session.opened(bodies[number % len(bodies)]) as opened:
                check(opened.response.read())
            return Answered(opened.version)

        return request

    return connect


def streaming(
    url: str, host: str, body: Callable[[int], bytes], read: Callable[[Iterable[bytes]], object], timeout: float = TIMEOUT
) -> Connect:
    """Return connections that read answers as they arrive. `body` returns the body of request number i. `read` gets the arriving pieces;
    it returns the sample's detail, or raises RequestFailed for a wrong answer.
    """

    def connect() -> Request:
        session = HttpSession(url, timeout, host)

        def request(number: int) -> Answered:
            with session.opened(body(number)) as opened:
                detail = read(opened.pieces())
            return Answered(opened.version, detail)

        return request

    return connect
