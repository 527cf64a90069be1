"""`python -m bench`: which node a command is for, and how a mistake is answered."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from bench import progress
from bench.__main__ import main, parser
from bench.early_images import OwnImage
from bench.tools import KNOWN, SECONDS


@pytest.mark.parametrize(
    ("environ", "arguments", "instance"),
    [
        ({}, ["down"], "default"),
        ({"BENCH_INSTANCE": ""}, ["down"], "default"),
        ({"BENCH_INSTANCE": "test"}, ["down"], "test"),
        ({"BENCH_INSTANCE": "test"}, ["down", "--instance", "default"], "default"),
    ],
)
def test_the_option_wins_over_the_environment(environ: dict[str, str], arguments: list[str], instance: str) -> None:
    assert parser(environ).parse_args(arguments).instance == instance


def test_an_unknown_instance_is_one_line_that_names_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--instance", "mine"]) == 1
    assert capsys.readouterr().err == "error: instance 'mine' is unknown; choose one of: default, test, contract, lifecycle\n"


def test_image_takes_build_arguments_apart() -> None:
    args = parser({}).parse_args(["image", "here", "name", "--build-arg", "A=1=2", "--build-arg", "B="])
    assert (args.context, dict(args.build_arg)) == (Path("here"), {"A": "1=2", "B": ""})


def test_a_build_argument_without_a_value_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser({}).parse_args(["image", "here", "name", "--build-arg", "A"])
    assert "'A' is not KEY=VALUE" in capsys.readouterr().err


def test_an_image_to_build_early_has_a_name_a_folder_and_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    args = parser({}).parse_args(["up", "--image", "digits-serving=models/digits:serving"])
    assert args.image == [OwnImage("digits-serving", "models/digits", "serving")]
    with pytest.raises(SystemExit):
        parser({}).parse_args(["up", "--image", "digits-serving=models/digits"])
    assert "'digits-serving=models/digits' is not NAME=FOLDER:STAGE" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "note"), [(KeyboardInterrupt, "stopped after 0 s"), (ValueError, "failed after 0 s")])
def test_a_step_that_does_not_end_well_says_so(error: type[BaseException], note: str) -> None:
    log = io.StringIO()
    with pytest.raises(error), progress.step("building   x", log):
        raise error
    assert log.getvalue().splitlines()[-1].endswith(note)


def test_a_step_in_a_log_is_one_line() -> None:
    log = io.StringIO()
    with progress.step("building   x", log):
        pass
    assert log.getvalue().startswith("  building   x ...")
    assert log.getvalue().endswith(". 0 s\n")
    assert log.getvalue().count("\n") == 1


def test_a_running_step_says_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()

    class Log(io.StringIO):
        def write(self, text: str) -> int:
            if "about" in text:
                told.set()
            return super().write(text)

    monkeypatch.setattr(progress, "LOG_SECONDS", 0.01)
    log = Log()
    with progress.step("building   x", log, expected=483, then=1860):
        assert told.wait(30)
    first, *_ = log.getvalue().splitlines()
    assert first.endswith(" 0 s of about 483 s, then 31 min")


def test_each_duration_is_that_of_a_tool() -> None:
    assert set(SECONDS) <= set(KNOWN)


def test_a_terminals_line_is_rewritten_in_place() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    progress.line("cached     x", "2 of 2", screen)
    assert screen.getvalue().startswith("\r  cached     x ..")
    assert screen.getvalue().endswith(" 2 of 2\x1b[K\n")


def test_kubectl_gets_its_own_options_and_the_nodes_kubeconfig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("bench.paths.Instance.kubeconfig", tmp_path / "kubeconfig")
    monkeypatch.setattr("bench.tools.binary", lambda name: tmp_path / name)
    monkeypatch.setattr("os.execv", lambda _program, words: called.append(list(words)))
    assert main(["kubectl", "get", "pods", "-l", "a=b"]) == 1
    (tmp_path / "kubeconfig").touch()
    main(["kubectl", "get", "pods", "-l", "a=b"])
    assert called == [[str(tmp_path / "kubectl"), f"--kubeconfig={tmp_path / 'kubeconfig'}", "get", "pods", "-l", "a=b"]]
