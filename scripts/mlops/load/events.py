"""Server-sent events, as far as model servers use them (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def events(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each event, at once when the empty line after it is there. One that is not ended is none, as the standard has it.

    Lines end with LF or CRLF; nobody sends the third way, CR alone.
    """
    rest, data = b"", list[bytes]()
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in (line.removesuffix(b"\r") for line in lines):
            if line.startswith(b"data:"):
                data.append(line.removeprefix(b"data:").removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
