"""The predictor's images as built: what the server answers, which weights it takes, and how it ends. Needs root, not a running node."""

import json
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from mnist import digits
from scripts.mlops import accuracy
from scripts.mlops.reach import Endpoint
from tests import asked
from tests.node import predictor_image
from tests.node.predictor_image import Predictor, Roots

pytestmark = [pytest.mark.node, pytest.mark.parts]

V1 = "/v1/models/mnist-classifier:predict"
V2 = "/v2/models/mnist-classifier/infer"
IMAGE = [[0.5] * 28] * 28

WEIGHTS_CASES = """
import json
from pathlib import Path
import torch
from mnist.model import MnistCnn, WeightsError, find_weights, load

class Evil:
    def __reduce__(self):
        return (open, ("/tmp/evil", "w"))

folder = Path("/tmp/cases"); folder.mkdir(exist_ok=True)
model = MnistCnn()
state = model.state_dict()
files = {
    "plain": state,
    "data_parallel": torch.nn.DataParallel(model).state_dict(),
    "whole_model": model,
    "evil": Evil(),
    "missing": {k: v for k, v in state.items() if k != "fc2.bias"},
    "unknown": {**state, "fc3.bias": state["fc2.bias"]},
    "shape": {**state, "fc2.bias": torch.zeros(11)},
    "nan": {**state, "fc2.bias": torch.full((10,), float("nan"))},
    "a_list": [1, 2],
}
for name, value in files.items():
    torch.save(value, folder / f"{name}.pt")
(folder / "text.pt").write_text("not weights")
(folder / "empty.pt").write_text("")
outcomes = {}
for name in [*files, "text", "empty", "absent"]:
    try:
        loaded = load(folder / f"{name}.pt")
        outcomes[name] = "same" if all(torch.equal(loaded.state_dict()[k], v) for k, v in state.items()) else "other"
    except WeightsError as error:
        outcomes[name] = str(error)
outcomes["evil_ran"] = str(Path("/tmp/evil").exists())
try:
    find_weights(folder)
except WeightsError as error:
    outcomes["ambiguous_folder"] = str(error)
print(json.dumps(outcomes))
"""


@pytest.fixture(scope="module")
def roots() -> Iterator[Roots]:
    with predictor_image.unpacked() as roots:
        yield roots


@pytest.fixture(scope="module")
def image(roots: Roots) -> Path:
    return roots.serving


@pytest.fixture(scope="module")
def weights(roots: Roots) -> Iterator[Path]:
    with predictor_image.shared_folder() as folder:
        yield predictor_image.copy_weights(roots.weights, folder)


@pytest.fixture(scope="module")
def predictor(image: Path, weights: Path) -> Iterator[Predictor]:
    with predictor_image.serving(image, weights) as running:
        yield running


def test_no_weights_hide_in_the_serving_image(image: Path) -> None:
    assert not [path for path in (image / "app").rglob("*") if path.suffix in (".pt", ".pth", ".npz")]
    assert not (image / "weights").exists()


def test_the_record_names_the_held_out_digits(weights: Path) -> None:
    record = json.loads((weights / "mnist_cnn_single_gpu.json").read_text())
    split = digits.split(digits.load().labels)
    assert record["train_ids"] == split.train
    assert record["held_out_ids"] == split.held_out
    assert record["held_out_accuracy"] >= 0.97


def test_held_out_digits_are_recognised(predictor: Predictor) -> None:
    address = f"127.0.0.1:{predictor.port}"
    result = accuracy.measure(Endpoint(f"http://{address}{V1}", address), asked.mnist, 400, 10, None)
    assert result.success_rate == 1
    assert result.accuracy is not None
    assert result.accuracy >= 0.95


def test_both_protocols_and_every_shape_give_one_answer(predictor: Predictor) -> None:
    expected = predictor.send("POST", V1, json.dumps({"instances": [IMAGE]}).encode())[1]["predictions"][0]
    for instances in (IMAGE, [[IMAGE]], [IMAGE, IMAGE], [[IMAGE], [IMAGE]]):
        status, answer = predictor.send("POST", V1, json.dumps({"instances": instances}).encode())
        assert status == 200
        assert all(prediction["class"] == expected["class"] for prediction in answer["predictions"])
        assert answer["predictions"][0]["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)
    tensor = {"name": "x", "shape": [1, 28, 28], "datatype": "FP32", "data": [0.5] * 784}
    status, answer = predictor.send("POST", V2, json.dumps({"inputs": [tensor]}).encode())
    assert status == 200
    assert answer["outputs"][0]["data"] == [expected["class"]]
    assert answer["outputs"][1]["data"] == pytest.approx(expected["probabilities"], abs=1e-5)


def test_malformed_requests_get_their_reason_and_the_server_lives(predictor: Predictor) -> None:
    strings = json.dumps({"instances": [[["a"] * 28] * 28]}).encode()
    bodies = {
        b"": 400,
        b"{": 400,
        b"not json": 400,
        b"[]": 400,
        b"{}": 400,
        b'{"instances": []}': 400,
        b'{"instances": [[1, 2], [3]]}': 400,
        strings: 400,
        json.dumps({"instances": [[[255] * 28] * 28]}).encode(): 400,
        b'{"instances": [[NaN]]}': 400,
        b'{"instances": [[null]]}': 400,
        b'{"instances":' + b"[" * 100_000 + b"]" * 100_000 + b"}": 400,
        b'{"inputs": [{"shape": [99999999999, 28], "datatype": "FP32", "data": [1]}]}': 400,
        b'{"instances": "' + b"x" * 10 * 1024 * 1024 + b'"}': 413,
    }
    for body, expected in bodies.items():
        for path in (V1, V2):
            status, answer = predictor.send("POST", path, body)
            assert (status, bool(answer["error"])) == (expected, True), body[:60]
    assert predictor.send("POST", V1, b"{}", "image/png")[0] == 415
    assert predictor.send("POST", "/v2/repository/models/mnist-classifier/unload", b"{}")[0] == 404
    assert predictor.send("POST", "/v1/models/other:predict", b"{}")[0] == 404
    assert predictor.send("POST", V1, json.dumps({"instances": [IMAGE]}).encode())[0] == 200
    assert predictor.process.poll() is None


def test_an_answer_and_a_refusal_say_what_they_came_from(predictor: Predictor) -> None:
    for path in (V1, V2):
        for body in (json.dumps({"instances": [IMAGE]}).encode(), b"{"):
            assert predictor.served_by(path, body) == predictor_image.SERVED_BY


def test_metrics_have_kserves_latency_and_our_counters(predictor: Predictor) -> None:
    predictor.send("POST", V1, json.dumps({"instances": [IMAGE]}).encode())
    predictor.send("POST", V1, b"{")
    text = predictor.text("/metrics")
    assert 'request_predict_seconds_bucket{le="0.1",model_name="mnist-classifier"}' in text
    assert 'predictor_requests_total{code="200",model_name="mnist-classifier",protocol="v1"}' in text
    assert 'predictor_requests_total{code="400",model_name="mnist-classifier",protocol="v1"}' in text
    assert "predictor_batch_images_bucket" in text


def test_weights_files_are_loaded_or_refused_with_a_reason(image: Path) -> None:
    outcomes = json.loads(predictor_image.run_python(image, WEIGHTS_CASES))
    assert outcomes.pop("plain") == "same"
    assert outcomes.pop("data_parallel") == "same"
    assert outcomes.pop("evil_ran") == "False"
    hints = {
        "whole_model": "isn't a PyTorch weights file",
        "evil": "isn't a PyTorch weights file",
        "missing": "no fc2.bias",
        "unknown": "unknown fc3.bias",
        "shape": "fc2.bias is [11], expected [10]",
        "nan": "aren't finite",
        "a_list": "holds a list",
        "text": "isn't a PyTorch weights file",
        "empty": "isn't a PyTorch weights file",
        "absent": "doesn't exist",
        "ambiguous_folder": "one other .pt file",
    }
    assert outcomes.keys() == hints.keys()
    for name, hint in hints.items():
        assert hint in outcomes[name], name
        assert "\n" not in outcomes[name]


def test_without_weights_the_server_ends_with_the_reason(image: Path) -> None:
    with predictor_image.shared_folder() as empty:
        process = predictor_image.start(image, empty)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in output
    last = json.loads(output.splitlines()[-1])
    assert last["level"] == "critical"
    assert "storageUri" in last["message"]


def test_sigterm_loses_no_request(image: Path, weights: Path) -> None:
    body = json.dumps({"instances": [IMAGE] * 64}).encode()
    # Ten seconds: what is asked of the draining server below must be asked within them on a busy machine too.
    with predictor_image.serving(image, weights, drain_seconds=10) as server, ThreadPoolExecutor(8) as clients:
        requests = [clients.submit(server.send, "POST", V1, body) for _ in range(40)]
        wait(requests, return_when=FIRST_COMPLETED)
        server.terminate()
        statuses = [request.result()[0] for request in requests]
        ready, _ = server.send("GET", "/v1/models/mnist-classifier")
        served, _ = server.send("POST", V1, json.dumps({"instances": [IMAGE]}).encode())
        assert server.process.wait(timeout=60) == 0
    assert statuses == [200] * 40
    assert ready == 503
    assert served == 200


def test_requests_in_flight_are_answered_when_the_drain_ends(image: Path, weights: Path) -> None:
    body = json.dumps({"instances": [IMAGE] * 256}).encode()
    with predictor_image.serving(image, weights, drain_seconds=0) as server, ThreadPoolExecutor(8) as clients:
        requests = [clients.submit(server.send, "POST", V1, body) for _ in range(8)]
        wait(requests, return_when=FIRST_COMPLETED)  # the other seven wait for the network by then
        server.terminate()
        assert [request.result()[0] for request in requests] == [200] * 8
        assert server.process.wait(timeout=60) == 0
