"""Whether what was previewed may be applied to what runs now."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts import live_rules, live_versions
from scripts.cloud.access import cluster_access
from scripts.errors import DriverError
from scripts.stack_configuration import configuration
from scripts.stack_file import sections
from stacks.config import ConfigError


def check(stack: str, config_file: Path, environment: Mapping[str, str]) -> None:
    """Raises DriverError with every reason against it. A cluster that can't be asked is none: a preview needs no cluster."""
    try:
        with tempfile.TemporaryDirectory(prefix="access-") as folder:
            config = configuration(stack, sections(config_file.read_text()))
            access = {**environment, **cluster_access(config.cluster, Path(folder), environment)}
            reasons = [*live_rules.refusals(config, access), *live_versions.refusals(config, access)]
    except (ConfigError, DriverError) as error:
        print(f"what runs now was not asked: {error}", file=sys.stderr)
        return
    if reasons:
        raise DriverError("\n".join([f"{stack} must not be updated with this now:", *reasons]))
