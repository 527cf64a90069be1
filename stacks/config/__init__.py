"""Model of a stack file: one frozen model of a whole stack, a file per layer, and the loader that reads it.

Field names become the keys of `Pulumi.<stack>.yaml` in camelCase, below `inference-platform:`.
"""

from stacks.config.errors import ConfigError
from stacks.config.loader import load, parse
from stacks.config.section import NAMESPACE
from stacks.config.stack import StackConfig

__all__ = ["NAMESPACE", "ConfigError", "StackConfig", "load", "parse"]
