"""Checks that a change may be applied to what runs now."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts import live_models, live_platform
from scripts.cloud.access import cluster_access
from scripts.errors import DriverError
from scripts.stack_configuration import configuration
from scripts.stack_file import read
from stacks.config import ConfigError, StackConfig

Rules = Callable[[StackConfig, Mapping[str, str]], list[str]]
"""Function from the stack file and an environment with access to the cluster to the reasons against a change. Raises DriverError."""

ALL: tuple[Rules, ...] = (live_platform.refusals, live_models.refusals)


def check(stack: str, config_file: Path, environment: Mapping[str, str], rules: Sequence[Rules] = ALL) -> None:
    """Raises DriverError with every reason against the change. A cluster that cannot be asked is no reason: a preview needs none."""
    try:
        with tempfile.TemporaryDirectory(prefix="access-") as folder:
            config = configuration(stack, read(config_file))
            access = {**environment, **cluster_access(config.cluster, Path(folder), environment)}
            reasons = [reason for refusals in rules for reason in refusals(config, access)]
    except (ConfigError, DriverError) as error:
        print(f"the cluster was not asked what runs now: {error}", file=sys.stderr)
        return
    if reasons:
        raise DriverError("\n".join([f"{stack} must not be updated with this now:", *reasons]))
