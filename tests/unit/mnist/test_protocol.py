"""The content of a prediction request: any JSON gives images or a 4xx with a reason, never another exception."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist.protocol import MAX_IMAGES, RequestError, answer, decode, images_of

IMAGE = np.full((28, 28), 0.25).tolist()

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=12
)
TENSORS = st.fixed_dictionaries(
    {}, optional={"name": JSON, "shape": JSON | st.just([28, 28]), "datatype": JSON | st.just("FP32"), "data": JSON}
)
PAYLOADS = st.fixed_dictionaries({}, optional={"instances": JSON, "inputs": JSON | st.lists(TENSORS, max_size=2), "id": JSON})


def v2(data: list[Any], shape: list[Any], datatype: str = "FP32") -> dict[str, Any]:
    return {"id": "a", "inputs": [{"name": "images", "shape": shape, "datatype": datatype, "data": data}]}


def outcome_of(read: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return read()
    except RequestError as error:
        return error


def refused(payload: dict[str, Any]) -> RequestError:
    with pytest.raises(RequestError) as caught:
        images_of(payload)
    return caught.value


@pytest.mark.slow
@given(payload=PAYLOADS)
@settings(max_examples=300)
def test_any_payload_gives_images_or_a_reason(payload: dict[str, Any]) -> None:
    outcome = outcome_of(lambda: images_of(payload))
    if isinstance(outcome, RequestError):
        assert outcome.status == 400
        assert 0 < len(outcome.reason) < 400
        assert "\n" not in outcome.reason
    else:
        assert outcome.shape[1:] == (1, 28, 28)


@given(body=st.binary(max_size=200))
def test_any_body_gives_an_object_or_a_reason(body: bytes) -> None:
    outcome = outcome_of(lambda: decode(body, "application/json"))
    assert outcome.status == 400 if isinstance(outcome, RequestError) else isinstance(outcome, dict)


@given(images=hnp.arrays(np.float64, st.sampled_from([(28, 28), (1, 28, 28), (3, 28, 28), (2, 1, 28, 28)]), elements=st.floats(0, 1)))
@settings(max_examples=30)
def test_both_protocols_read_the_same_images(images: npt.NDArray[np.float64]) -> None:
    from_v1 = images_of({"instances": images.tolist()})
    from_flat = images_of(v2(images.ravel().tolist(), list(images.shape)))
    from_nested = images_of(v2(images.tolist(), list(images.shape), "FP64"))
    assert from_v1.dtype == np.float32
    np.testing.assert_array_equal(from_v1, images.reshape(-1, 1, 28, 28).astype(np.float32))
    np.testing.assert_array_equal(from_v1, from_flat)
    np.testing.assert_array_equal(from_v1, from_nested)


@pytest.mark.parametrize("value", [255, 1.5, -0.1, 1e300])
def test_pixels_out_of_range_are_refused_with_what_to_do(value: float) -> None:
    image = np.full((28, 28), value).tolist()
    assert "divide values of 0..255 by 255" in refused({"instances": [image]}).reason


def test_the_ends_of_the_range_are_allowed() -> None:
    assert images_of({"instances": [np.eye(28, dtype=int).tolist()]}).max() == 1


@pytest.mark.parametrize("value", ["0.5", None, math.nan, True, [1], {"a": 1}, 10**400])
def test_one_value_that_is_no_number_is_refused(value: object) -> None:
    image: list[list[object]] = [list(row) for row in IMAGE]
    if value is True:
        image = [[True] * 28 for _ in range(28)]
    else:
        image[3][4] = value
    assert "number" in refused({"instances": [image]}).reason


@pytest.mark.parametrize(
    "instances",
    [[], {}, "x", None, [[]], [0.5] * 784, [IMAGE[:27]], [[IMAGE] * 3], [IMAGE, IMAGE[:27]], [[[IMAGE]]], [[[[[]]]]]],
)
def test_wrong_shapes_are_refused_with_the_allowed_ones(instances: object) -> None:
    assert "28x28 or 1x28x28" in refused({"instances": instances}).reason


def test_deep_nesting_is_refused() -> None:
    payload = decode(b'{"instances":' + b"[" * 500 + b"]" * 500 + b"}", None)
    assert "28x28" in refused(payload).reason
    with pytest.raises(RequestError, match="valid JSON"):
        decode(b'{"instances":' + b"[" * 100_000 + b"]" * 100_000 + b"}", None)


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        ({}, '"instances" (V1) or "inputs" (V2)'),
        ({"instances": [IMAGE], "inputs": []}, '"instances" (V1) or "inputs" (V2)'),
        (v2([0.0] * 784, [28, 29]), "784 values"),
        (v2([0.0] * 784, [28, -1]), '"shape"'),
        (v2([0.0] * 784, [28, "28"]), '"shape"'),
        (v2([0.0] * 784, [1, 784]), "28x28"),
        (v2([0.0] * 784, [28, 28], "BYTES"), "FP32, FP64"),
        ({"inputs": [{"shape": [28, 28], "datatype": "FP32"}]}, '"data"'),
        ({"inputs": []}, "exactly one tensor"),
        ({"inputs": [{}, {}]}, "exactly one tensor"),
    ],
)
def test_a_malformed_tensor_is_refused_with_what_is_allowed(payload: dict[str, Any], hint: str) -> None:
    assert hint in refused(payload).reason


def test_a_request_takes_a_limited_number_of_images() -> None:
    blank = np.zeros((28, 28), int).tolist()
    assert len(images_of({"instances": [blank] * MAX_IMAGES})) == MAX_IMAGES
    assert str(MAX_IMAGES) in refused({"instances": [blank] * (MAX_IMAGES + 1)}).reason


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", None, 400),
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"instances": NaN}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"{}", "image/png", 415),
        (b"{}", "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, content_type: str | None, status: int) -> None:
    with pytest.raises(RequestError) as caught:
        decode(body, content_type)
    assert caught.value.status == status


@pytest.mark.parametrize("content_type", [None, "application/json", "Application/JSON; charset=utf-8", "application/x-www-form-urlencoded"])
def test_json_is_read_whatever_curl_calls_it(content_type: str | None) -> None:
    assert decode(b'{"a": 1}', content_type) == {"a": 1}


def test_answers_are_in_the_protocol_of_the_request() -> None:
    scores = np.full((2, 10), 0.05, np.float32)
    scores[0, 7] = scores[1, 2] = 0.55
    v1_answer = json.loads(json.dumps(answer({"instances": []}, scores, "m")))
    assert [prediction["class"] for prediction in v1_answer["predictions"]] == [7, 2]
    assert v1_answer["predictions"][0]["probabilities"] == pytest.approx(scores[0].tolist())
    v2_answer = answer({"inputs": [], "id": "a"}, scores, "m")
    assert v2_answer["id"] == "a"
    assert v2_answer["model_name"] == "m"
    assert v2_answer["outputs"][0] == {"name": "class", "shape": [2], "datatype": "INT64", "data": [7, 2]}
    assert v2_answer["outputs"][1]["shape"] == [2, 10]
    assert len(v2_answer["outputs"][1]["data"]) == 20
