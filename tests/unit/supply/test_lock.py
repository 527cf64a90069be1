"""The digests that `make lock` writes, and its messages about the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from components import oci
from components.artifacts import Chart, Image, Manifest
from components.lock import Lock, Locked
from components.pins import PINS
from scripts.supply import lock as command
from scripts.supply.lock import Pin, Source, report, steps, upstream_digest

KNOWN, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PIN = Image(repository="ghcr.io/a/b", tag="1")
CHART = Chart(repository="oci://ghcr.io/charts", name="c", version="2")


def entry(digest: str) -> Locked:
    return Locked(digest=digest, source="a page")


def unreachable(pin: Pin) -> str:
    raise oci.RegistryError(f"{pin.address}: no route to host")


def refreshed(lock: Lock, pins: list[Pin], source: Source) -> tuple[Lock, list[str]]:
    """The lock after all answers, and the problems."""
    seen = list(steps(lock, pins, source))
    return seen[-1].lock, [step.problem for step in seen if step.problem]


def test_what_the_source_answers_is_written_with_the_source() -> None:
    lock, problems = refreshed(Lock(), [PIN, CHART], lambda _: NEW)
    assert lock.artifacts == {
        "ghcr.io/a/b:1": Locked(digest=NEW, source="ghcr.io/a/b:1"),
        "oci://ghcr.io/charts/c:2": Locked(digest=NEW, source="oci://ghcr.io/charts/c:2"),
    }
    assert problems == []


def test_what_does_not_answer_is_missing_by_name_and_never_made_up() -> None:
    lock, problems = refreshed(Lock(), [PIN], unreachable)
    assert lock.artifacts == {}
    assert problems == ["missing: ghcr.io/a/b:1: ghcr.io/a/b:1: no route to host"]


def test_what_is_known_survives_a_day_without_network() -> None:
    known = Lock(artifacts={PIN.address: entry(KNOWN)})
    assert refreshed(known, [PIN], unreachable) == (known, [])
    assert refreshed(known, [PIN], lambda _: KNOWN) == (known, [])


def test_a_tag_that_was_moved_is_said_and_not_taken() -> None:
    known = Lock(artifacts={PIN.address: entry(KNOWN)})
    lock, problems = refreshed(known, [PIN], lambda _: NEW)
    assert lock == known
    assert problems == [f"changed: ghcr.io/a/b:1: locked as {KNOWN}, its source now has {NEW}"]


def test_an_entry_of_a_pin_that_is_gone_goes_too() -> None:
    assert refreshed(Lock(artifacts={"ghcr.io/a/b:0": entry(KNOWN)}), [PIN], lambda _: NEW)[0].artifacts.keys() == {PIN.address}


def test_a_mistake_of_the_command_itself_is_not_taken_for_a_bad_network() -> None:
    def broken(_: Pin) -> str:
        raise KeyError("realm")

    with pytest.raises(KeyError):
        refreshed(Lock(), [PIN], broken)


def test_images_and_charts_are_asked_of_their_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci, "digest", lambda reference: f"digest of {reference}")
    assert upstream_digest(PIN) == "digest of ghcr.io/a/b:1"
    assert upstream_digest(CHART) == "digest of ghcr.io/charts/c:2"


def test_every_pin_has_an_address_of_its_own() -> None:
    addresses = [pin.address for pin in PINS.values()]
    assert len(set(addresses)) == len(addresses) > 30
    assert any(isinstance(pin, Manifest) for pin in PINS.values())


def test_the_command_fails_while_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PINS", {"PIN": PIN})
    path = tmp_path / "lock.json"
    path.write_text("{}")
    monkeypatch.setattr(command, "upstream_digest", unreachable)
    assert command.main(path, tmp_path / "report.md") == 1
    assert "- missing: ghcr.io/a/b:1" in capsys.readouterr().out
    monkeypatch.setattr(command, "upstream_digest", lambda _: NEW)
    assert command.main(path, tmp_path / "report.md") == 0
    written = path.read_text()
    assert NEW in written
    assert command.main(path, tmp_path / "report.md") == 0
    assert path.read_text() == written


def test_an_interrupted_command_keeps_what_was_answered_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped_at_the_chart(pin: Pin) -> str:
        if pin is CHART:
            raise KeyboardInterrupt
        return NEW

    monkeypatch.setattr(command, "PINS", {"PIN": PIN, "CHART": CHART})
    monkeypatch.setattr(command, "AT_ONCE", 1)  # the chart is asked after the image
    path = tmp_path / "lock.json"
    path.write_text("{}")
    monkeypatch.setattr(command, "upstream_digest", stopped_at_the_chart)
    assert command.main(path, tmp_path / "report.md") == 130
    assert "1 of 2 pins have a digest; make lock goes on" in capsys.readouterr().err
    assert PIN.address in path.read_text()
    monkeypatch.setattr(command, "upstream_digest", lambda _: NEW)
    assert command.main(path, tmp_path / "report.md") == 0
    assert CHART.address in path.read_text()


def test_the_report_names_what_came_and_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = Lock(artifacts={"ghcr.io/a/b:0": entry(KNOWN)})
    after = Lock(artifacts={PIN.address: entry(NEW)})
    text = report(before, after, ["missing: x: no route to host"], 2)
    assert text == (
        "1 of 2 pins have a digest.\n"
        f"\nAdded:\n- `ghcr.io/a/b:1`: {NEW}\n"
        "\nRemoved, since nothing pins them:\n- `ghcr.io/a/b:0`\n"
        "\nProblems:\n- missing: x: no route to host\n"
    )
    monkeypatch.setattr(command, "PINS", {"PIN": PIN})
    monkeypatch.setattr(command, "upstream_digest", lambda _: NEW)
    (tmp_path / "lock.json").write_text("{}")
    assert command.main(tmp_path / "lock.json", tmp_path / "build/report.md") == 0
    shown = capsys.readouterr()
    assert (tmp_path / "build/report.md").read_text() == shown.out
    assert "1 of 1 pins asked" in shown.err
