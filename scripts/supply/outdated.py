"""`make outdated`: how far each pin of components/versions.py is behind its source. It changes nothing; Renovate proposes the changes.

It reads the pins' markers as Renovate does, by the pattern of renovate.json. A newer release is a version of the same form: `v1.2.3` is
compared with `v1.3.0`, not with `v1.3.0-rc.1` or `1.3.0-alpine`.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import yaml

from components import oci

ROOT = Path(__file__).parents[2]
VERSIONS = ROOT / "components" / "versions.py"
AT_ONCE = 32
TIMEOUT_SECONDS = 30
GITHUB = "https://github.com"


@dataclass(frozen=True)
class Watched:
    """A pin as its marker describes it. `url`: the index of a Helm repository."""

    source: str
    name: str
    version: str
    url: str = ""


Versions = Callable[[Watched], Sequence[str]]


def watched(text: str) -> list[Watched]:
    """The pins of a file, in its order."""
    (manager,) = json.loads((ROOT / "renovate.json").read_text())["customManagers"]
    (pattern,) = manager["matchStrings"]
    found = re.finditer(pattern.replace("(?<", "(?P<"), text)
    return [Watched(match["datasource"], match["depName"], match["currentValue"], match["registryUrl"] or "") for match in found]


def newer(current: str, versions: Sequence[str]) -> list[str]:
    """Return the versions of the same form that come after `current`, the newest last."""
    later = {each for each in versions if _form(each) == _form(current) and _numbers(each) > _numbers(current)}
    return sorted(later, key=_numbers)


def _form(version: str) -> str:
    return re.sub(r"\d+", "#", version)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def lines(pins: Sequence[Watched], versions: Versions) -> Iterator[str]:
    """A line for each pin, as its source answers."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {pool.submit(versions, pin): pin for pin in pins}
        for answer in as_completed(asked):
            pin, error = asked[answer], answer.exception()
            if isinstance(error, oci.RegistryError | OSError | UnknownSourceError):
                yield f"unknown   {pin.name} {pin.version}: {error}"
                continue
            later = newer(pin.version, answer.result())
            what = f"{len(later)} release{'s' * (len(later) > 1)} behind {later[-1]}" if later else "the newest"
            yield f"{'outdated' if later else 'ok':<8}  {pin.name} {pin.version}: {what}"


class UnknownSourceError(Exception):
    """A source that this command cannot ask, with the way to ask it."""


def released(pin: Watched) -> Sequence[str]:
    """All versions at the pin's source; of a GitHub project its latest release. Raises RegistryError, OSError or UnknownSourceError."""
    match pin.source:
        case "docker":
            return oci.tags(pin.name)
        case "helm":
            return [str(each["version"]) for each in yaml.safe_load(_read(f"{pin.url.rstrip('/')}/index.yaml"))["entries"][pin.name]]
        case "github-releases":
            with urllib.request.urlopen(f"{GITHUB}/{pin.name}/releases/latest", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return re.findall(r"\d.*", answer.url.rpartition("/")[2])  # the tag of a version may be knative-v1.21.1
        case _:
            raise UnknownSourceError("aws eks describe-addon-versions has them")


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - markers are https://
        content: bytes = answer.read()
        return content


def main(versions: Versions = released) -> int:
    pins = watched(VERSIONS.read_text())
    said = []
    for line in lines(pins, versions):
        print(line, flush=True)
        said.append(line.split()[0])
    print(f"\n{len(pins)} pins: " + ", ".join(f"{said.count(word)} {word}" for word in ("ok", "outdated", "unknown") if word in said))
    return 1 if "unknown" in said and len(set(said)) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
