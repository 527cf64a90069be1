"""A small S3 on this machine: conditional writes, checksums, listings and uploads in parts, as far as a publication uses them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "models"
WHEN = "2026-11-30T10:00:00.000Z"


def checksum(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


class RefusedError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class S3:
    """The contents of the store. `uploads`: parts of unfinished uploads by key and upload, then by number.

    `before_part` runs when a part has arrived and before it is kept; `before_write` before a key is looked for. `damage` is added to
    the bytes that are read.
    """

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[tuple[str, str], dict[int, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    damage: bytes = b""
    refused: set[str] = field(default_factory=set)
    before_part: Callable[[int], None] = lambda _: None
    before_write: Callable[[str], None] = lambda _: None

    def answer(self, request: Request) -> tuple[int, str | bytes]:
        name = request.operation
        self.requests.append(name)
        self.users.add(request.user)
        if name in self.refused:
            raise RefusedError(403, "AccessDenied")
        status, body = getattr(self, name)(request)
        return status, body

    def list_objects(self, request: Request) -> tuple[int, str]:
        prefix = request.query.get("prefix", "")
        found = [(key, body) for key, body in sorted(self.objects.items()) if key.startswith(prefix)]
        items = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size></Contents>" for key, body in found)
        return 200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>"

    def list_uploads(self, request: Request) -> tuple[int, str]:
        found = [(key, number) for key, number in self.uploads if key.startswith(request.query.get("prefix", ""))]
        items = "".join(
            f"<Upload><Key>{escape(key)}</Key><UploadId>{number}</UploadId><Initiated>{WHEN}</Initiated></Upload>" for key, number in found
        )
        return 200, f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{items}</ListMultipartUploadsResult>"

    def read(self, request: Request) -> tuple[int, bytes]:
        if request.key not in self.objects:
            raise RefusedError(404, "NoSuchKey")
        return 200, self.objects[request.key] + self.damage

    def write(self, request: Request) -> tuple[int, str]:
        request.check()
        self._keep(request, request.body)
        return 200, ""

    def begin(self, request: Request) -> tuple[int, str]:
        assert request.headers["x-amz-checksum-algorithm"] == "SHA256"
        number = f"upload-{len(self.requests)}"
        self.uploads[request.key, number] = {}
        return 200, f"<InitiateMultipartUploadResult><UploadId>{number}</UploadId></InitiateMultipartUploadResult>"

    def write_part(self, request: Request) -> tuple[int, str]:
        request.check()
        number = int(request.query["partNumber"])
        self.before_part(number)
        self._parts(request)[number] = request.body
        return 200, ""

    def list_parts(self, request: Request) -> tuple[int, str]:
        items = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>e{number}</ETag><Size>{len(body)}</Size>"
            f"<ChecksumSHA256>{checksum(body)}</ChecksumSHA256></Part>"
            for number, body in sorted(self._parts(request).items())
        )
        return (
            200,
            f"<ListPartsResult><IsTruncated>false</IsTruncated><ChecksumAlgorithm>SHA256</ChecksumAlgorithm>{items}</ListPartsResult>",
        )

    def complete(self, request: Request) -> tuple[int, str]:
        parts = self._parts(request)
        wanted = re.findall(r"<Part>.*?</Part>", request.body.decode(), re.DOTALL)
        numbers = [int(re.findall(r"<PartNumber>(\d+)", part)[0]) for part in wanted]
        assert [re.findall(r"<ChecksumSHA256>([^<]+)", part)[0] for part in wanted] == [checksum(parts[number]) for number in numbers]
        self._keep(request, b"".join(parts[number] for number in numbers))
        del self.uploads[request.key, request.query["uploadId"]]
        return 200, "<CompleteMultipartUploadResult/>"

    def abort(self, request: Request) -> tuple[int, str]:
        self._parts(request)
        del self.uploads[request.key, request.query["uploadId"]]
        return 204, ""

    def _parts(self, request: Request) -> dict[int, bytes]:
        try:
            return self.uploads[request.key, request.query["uploadId"]]
        except KeyError:
            raise RefusedError(404, "NoSuchUpload") from None

    def _keep(self, request: Request, body: bytes) -> None:
        """Refuse as the bucket's policy and S3 do: nothing without the condition, and nothing over what is there."""
        if request.headers.get("if-none-match") != "*":
            raise RefusedError(403, "AccessDenied")
        self.before_write(request.key)
        if request.key in self.objects:
            raise RefusedError(412, "PreconditionFailed")
        self.objects[request.key] = body


OPERATIONS = {
    ("GET", "bucket", "list-type"): "list_objects",
    ("GET", "bucket", "uploads"): "list_uploads",
    ("GET", "key", ""): "read",
    ("HEAD", "key", ""): "read",
    ("PUT", "key", ""): "write",
    ("POST", "key", "uploads"): "begin",
    ("PUT", "key", "uploadId"): "write_part",
    ("GET", "key", "uploadId"): "list_parts",
    ("POST", "key", "uploadId"): "complete",
    ("DELETE", "key", "uploadId"): "abort",
}


@dataclass
class Request:
    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        word = next((word for word in ("list-type", "uploads", "uploadId") if word in self.query), "")
        return OPERATIONS[self.method, "key" if self.key else "bucket", word]

    @property
    def user(self) -> str:
        return self.headers["authorization"].partition("Credential=")[2].partition("/")[0]

    def check(self) -> None:
        if self.headers["x-amz-checksum-sha256"] != checksum(self.body):
            raise RefusedError(400, "BadDigest")


@contextmanager
def serving() -> Iterator[S3]:
    s3 = S3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def handle_expect_100(self) -> bool:
            """boto3 asks whether to send a body, and waits a second for the answer."""
            going_on = super().handle_expect_100()
            self.wfile.flush()
            return going_on

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            bucket, _, key = unquote(parts.path).removeprefix("/").partition("/")
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, key, query, headers, self.rfile.read(int(headers.get("content-length", 0))))
            assert bucket == BUCKET
            try:
                status, content = s3.answer(request)
            except RefusedError as refused:
                status, content = refused.status, f"<Error><Code>{refused.code}</Code><Message>{refused.code}</Message></Error>"
            body = content if isinstance(content, bytes) else content.encode()
            self.send_response(status)
            self.send_header("ETag", f'"e{query.get("partNumber", "")}"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    s3.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
