"""The policy pack that Pulumi starts: `pulumi preview --policy-pack policies`. Its constructor serves until the engine ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Pulumi runs this folder as a separate program; the rules are a package of the repository around it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.analyzer import policies
from policies.conversion import convert_once
from policies.pending import pending
from policies.rules.catalogue import RULES
from policies.settings import settings_with

convert_once()
settings_of = settings_with(pending(os.environ))
PolicyPack(name="inference-platform", policies=policies(RULES, settings_of), enforcement_level=EnforcementLevel.MANDATORY)
