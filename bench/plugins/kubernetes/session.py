"""State that all operations of one configured provider share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.config import ProviderConfig


@dataclass(frozen=True)
class Session:
    """A configured provider: its cluster, its options, and the event that ends its waits."""

    config: ProviderConfig
    cluster: Cluster
    default_namespace: str
    cancelled: threading.Event = field(default_factory=threading.Event)
