"""One connection against a real server: what counts as a failure, what an answer says about itself, and no second try."""

import select
import socket
import threading

import pytest

from scripts.mlops.load.measurement import UNKNOWN, NoAnswer, RequestFailed
from scripts.mlops.load.probe import probe, start_probe
from scripts.mlops.load.session import HttpSession, version_of
from tests.unit.mlops.stub_server import Received, Reply, serving


@pytest.mark.parametrize(
    ("served_by", "version"),
    [
        ("mnist-00002/mnist-00002-deployment-abc-xyz", "mnist-00002"),
        ("/mnist-predictor-7d9f8c6b5-x2x7k", "mnist-predictor-7d9f8c6b5"),
        ("v2", "v2"),
        ("/", UNKNOWN),
        ("", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_a_version_is_the_revision_or_the_replica_set(served_by: str | None, version: str) -> None:
    assert version_of(served_by) == version


def test_the_name_is_sent_whatever_the_address() -> None:
    with serving(lambda received: Reply(received.host)) as url:
        assert HttpSession(url, host="mnist.default.svc").post(b"{}").content == b'"mnist.default.svc"'
        assert HttpSession(url).post(b"{}").content.decode().strip('"') in url


def test_a_failure_has_its_reason_and_its_version() -> None:
    with serving(lambda _received: Reply({"error": "busy"}, 503, "two/pod")) as url, pytest.raises(RequestFailed) as caught:
        HttpSession(url).post(b"{}")
    assert str(caught.value) == 'status 503: {"error": "busy"}'
    assert caught.value.version == "two"


def test_a_reset_is_a_failure_and_is_not_tried_again() -> None:
    numbers: list[int] = []

    def answer(received: Received) -> Reply:
        numbers.append(received.body)
        return Reply(reset=len(numbers) == 2)

    with serving(answer) as url:
        session = HttpSession(url)
        session.post(b"1")
        with pytest.raises(NoAnswer, match=r"no answer: .*reset by peer"):
            session.post(b"2")
        session.post(b"3")
    assert numbers == [1, 2, 3]


def test_a_connection_that_was_closed_while_idle_is_replaced_before_anything_is_sent() -> None:
    with serving(lambda _received: Reply(close=True)) as url:
        session = HttpSession(url)
        for _ in range(20):
            session.post(b"{}")
            poll = select.poll()  # select() takes no descriptor above 1023, and a worker of the tests may have more
            poll.register(session._connection.sock, select.POLLIN)
            assert poll.poll(5000)


def test_a_server_that_says_nothing_is_timed_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NoAnswer, match="no answer: timed out"):
        HttpSession(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.05).post(b"{}")


def test_nobody_there_is_a_failure() -> None:
    with pytest.raises(NoAnswer, match="Connection refused"):
        HttpSession("http://127.0.0.1:9/").post(b"{}")


@pytest.mark.parametrize("url", ["mnist", "ftp://host/", "http:///path"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="isn't an address"):
        HttpSession(url)


def test_a_probe_measures_each_version_and_counts_wrong_answers() -> None:
    count = iter(range(10_000))

    def answer(_received: Received) -> Reply:
        number = next(count)
        return Reply("right" if number % 5 else "wrong", served_by="two/b" if number % 4 == 0 else "one/a")

    def check(content: bytes) -> None:
        if content != b'"right"':
            raise RequestFailed("answer is wrong")

    with serving(answer) as url:
        measured = probe(url, "name", b"{}", check, rate=400, seconds=0.5)
    assert 150 < len(measured.samples) < 250
    assert 0.75 < measured.success_rate < 0.85
    assert set(measured.failures) == {"answer is wrong"}
    share = len(measured.by_version()["two"].samples) / len(measured.samples)
    assert share == pytest.approx(0.25, abs=0.01)
    assert measured.by_version()["two"].failures["answer is wrong"] > 0


def test_a_probe_runs_beside_its_caller() -> None:
    asked = threading.Event()

    def answer(_received: Received) -> Reply:
        asked.set()
        return Reply()

    with serving(answer) as url:
        running = start_probe(url, "name", b"{}", bytes.strip, rate=100, seconds=60)
        assert asked.wait(10)
        running.stop()
        assert running.result().success_rate == 1
