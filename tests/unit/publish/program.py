"""The program `python -m scripts.publish` in processes of its own, without the seconds that its imports take each time.

boto3's dependencies must not meet those of the tests (scripts/publish/requirements.txt says why), so it is imported in a process apart.
That one imports everything once, and forks for every run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.commands import ROOT
from scripts.publish.client import FOLDER

PART = 1 << 20
"""Bytes of a part in these runs: small, so that a large file is a small one."""

SOURCE = f"""
import json, os, sys
from pathlib import Path
from scripts import stack_file
from scripts.publish import __main__ as program, client, multipart, upload

multipart.PART = upload.PART = {PART}
client.by_keys("http://127.0.0.1:9", "warm", "up")  # it reads what AWS's services are, once
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.environ.clear()
            os.environ.update(order["environment"])
            stack_file.ROOT = Path(order["root"])
            sys.argv[1:] = order["words"]
            for number, name in enumerate(("out", "error"), 1):
                os.dup2(os.open(os.path.join(order["folder"], name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            status = program.main()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Program:
    """`orders` and `answers` are the pipes to the process that forks."""

    orders: IO[str]
    answers: IO[str]

    def start(self, words: list[str], environment: Mapping[str, str], folder: Path, root: Path = ROOT) -> int:
        """Returns the process's id. `root`: where the stack files are. `folder` gets what it prints."""
        order = {"words": words, "environment": dict(environment), "folder": str(folder), "root": str(root)}
        print(json.dumps(order), file=self.orders, flush=True)
        return int(self.answers.readline())

    def end(self, folder: Path) -> tuple[int, str, str]:
        """Waits for it. Exit status, standard output, standard error; the status is below 0 where a signal ended it."""
        status = int(self.answers.readline())
        return status, (folder / "out").read_text(), (folder / "error").read_text()


@contextmanager
def ready() -> Iterator[Program]:
    assert (FOLDER / "boto3").is_dir(), "boto3 is missing: `make unit` installs it"
    with subprocess.Popen([sys.executable, "-c", SOURCE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield Program(process.stdin, process.stdout)
        process.stdin.close()
