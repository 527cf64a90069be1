"""Reads prediction requests and writes answers: KServe's V1 and V2 protocols, one image or a batch.

Pixels are numbers of 0..1 (0 paper, 1 ink), float or integer. Values of 0..255 are refused, never guessed at: an image
whose largest value is 1 could be either, and a silent guess would turn a nearly blank scan into a black and white one.
Needs numpy only, so that it can be tested without PyTorch and without KServe.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

SIDE = 28
MAX_BODY_BYTES = 10_000_000
MAX_IMAGES = 256  # about 0.1 s of two CPUs: one request must not hold up the others for longer

Images = npt.NDArray[np.float32]  # [N, 1, 28, 28]
Scores = npt.NDArray[np.float32]  # [N, 10], each row a distribution

_SHAPES = "28x28 or 1x28x28 for one image, Nx28x28 or Nx1x28x28 for a batch"
_V2_FLOATS = ("FP32", "FP64")


class RequestError(Exception):
    """A request that can't be answered: an HTTP status of 4xx and one line that says what is allowed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def decode(body: bytes, content_type: str | None) -> dict[str, Any]:
    """The JSON object of a request. Raises RequestError (400, 415)."""
    _require_json(content_type)
    if not body:
        raise RequestError(400, 'the body is empty; send {"instances": [image, ...]} with images of 28x28 numbers between 0 and 1')
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"the body isn't valid JSON (which has no NaN or Infinity): {error}") from None
    if not isinstance(payload, dict):
        raise RequestError(400, f"the body must be a JSON object, got {_kind(payload)}")
    return payload


def too_large() -> RequestError:
    """The answer to a body over the limit."""
    return RequestError(413, f"the body is over {MAX_BODY_BYTES:,} bytes; send at most {MAX_IMAGES} images per request")


def images_of(payload: dict[str, Any]) -> Images:
    """The images of a V1 (`instances`) or V2 (`inputs`) request. Raises RequestError (400)."""
    if ("instances" in payload) == ("inputs" in payload):
        raise RequestError(400, 'the body needs either "instances" (V1) or "inputs" (V2)')
    pixels = _v1_pixels(payload["instances"]) if "instances" in payload else _v2_pixels(payload["inputs"])
    images = _as_images(pixels)
    # This refuses NaN too, for which every comparison is false.
    if not bool(((images >= 0) & (images <= 1)).all()):
        raise RequestError(400, f"pixels must be numbers between 0 and 1, got {_range(images)}; divide values of 0..255 by 255")
    return images


def answer(payload: dict[str, Any], scores: Scores, model_name: str) -> dict[str, Any]:
    """The response body for a request's payload, in the protocol the request was written in."""
    classes = scores.argmax(axis=1).tolist()
    if "instances" in payload:
        return {"predictions": [{"class": c, "probabilities": p} for c, p in zip(classes, scores.tolist(), strict=True)]}
    outputs = [
        {"name": "class", "shape": [len(classes)], "datatype": "INT64", "data": classes},
        {"name": "probabilities", "shape": list(scores.shape), "datatype": "FP32", "data": scores.ravel().tolist()},
    ]
    identity = {"id": payload["id"]} if isinstance(payload.get("id"), str) else {}
    return {"model_name": model_name, **identity, "outputs": outputs}


def _require_json(content_type: str | None) -> None:
    media_type = (content_type or "").partition(";")[0].strip().lower()
    # curl -d sends the form type by default, and KServe's own examples do not change it.
    if media_type not in ("", "application/json", "application/x-www-form-urlencoded"):
        raise RequestError(415, f"content type {media_type[:80]!r} isn't supported; send application/json")


def _v1_pixels(instances: object) -> npt.NDArray[Any]:
    if not isinstance(instances, list) or not instances:
        raise RequestError(400, f'"instances" must be a non-empty list of images ({_SHAPES}), got {_kind(instances)}')
    return _array(instances, "instances")


def _v2_pixels(inputs: object) -> npt.NDArray[Any]:
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise RequestError(400, '"inputs" must be a list of exactly one tensor {"name", "shape", "datatype", "data"}')
    tensor = inputs[0]
    if tensor.get("datatype") not in _V2_FLOATS:
        raise RequestError(400, f'"datatype" must be one of {", ".join(_V2_FLOATS)}, got {_kind(tensor.get("datatype"))}')
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(size) is int and 0 < size <= MAX_BODY_BYTES for size in shape):
        raise RequestError(400, f'"shape" must be a list of positive whole numbers ({_SHAPES}), got {_kind(shape)}')
    if not isinstance(tensor.get("data"), list):
        raise RequestError(400, '"data" must be a list of numbers; binary tensors are not supported')
    pixels = _array(tensor["data"], "data")
    try:
        return pixels.reshape(shape)
    except ValueError:
        raise RequestError(400, f'"data" has {pixels.size} values, which doesn\'t fit "shape" {shape}') from None


def _array(values: list[Any], field: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError:  # lists of unequal lengths
        array = np.asarray(None)
    if array.dtype.kind not in "fiu":
        raise RequestError(400, f'"{field}" must hold numbers only, in nested lists of equal lengths ({_SHAPES})')
    return array


def _as_images(pixels: npt.NDArray[Any]) -> Images:
    if pixels.ndim not in (2, 3, 4) or pixels.shape[-2:] != (SIDE, SIDE) or (pixels.ndim == 4 and pixels.shape[1] != 1):
        raise RequestError(400, f"images must be {_SHAPES}, got {'x'.join(map(str, pixels.shape))}")
    images = pixels.reshape(-1, 1, SIDE, SIDE)
    if not 1 <= len(images) <= MAX_IMAGES:
        raise RequestError(400, f"a request takes 1 to {MAX_IMAGES} images, got {len(images)}")
    with np.errstate(over="ignore"):  # a value beyond float32 becomes infinite and fails the range check
        return images.astype(np.float32)


def _range(images: Images) -> str:
    return f"{images.min():g} to {images.max():g}"


def _kind(value: object) -> str:
    """Describe a JSON value for a message, without the value itself if it may be long."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {dict: "an object", bool: "a boolean", int: "a number", float: "a number"}[type(value)]
