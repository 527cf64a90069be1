"""All pins together, for the lock and the tests."""

from __future__ import annotations

from components import versions
from components.artifacts import Chart, Image, Manifest

PINS = {name: pin for name, pin in vars(versions).items() if isinstance(pin, Chart | Manifest | Image)}
