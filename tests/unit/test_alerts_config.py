"""Receivers of alerts: secrets stay secrets, and a mistake names its key."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from stacks.config import ConfigError, parse
from stacks.config.platform import AlertsConfig
from tests import stack_files

PAGER = {"kind": "pagerduty", "routingKey": "key-of-the-pager"}
SLACK = {"kind": "slack", "url": "https://hooks.example/of-the-team", "channel": "#models"}


def alerts(**values: Any) -> AlertsConfig:  # noqa: ANN401 - any YAML
    pulumi.runtime.set_all_config({}, [])
    return parse(stack_files.dev(monitoring__alerts=values), "dev").monitoring.alerts


def mistakes(**values: Any) -> list[str]:  # noqa: ANN401 - any YAML
    with pytest.raises(ConfigError) as error:
        alerts(**values)
    return [line.removeprefix("Pulumi.dev.yaml: inference-platform:monitoring.alerts.") for line in error.value.lines]


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert alerts().receivers == {}


def test_what_a_receiver_keeps_secret_is_a_secret_whether_or_not_the_file_encrypts_it() -> None:
    found = alerts(receivers={"critical": PAGER, "warning": SLACK}).receivers
    assert list(found) == ["critical", "warning"]
    for receiver in found.values():
        (output,) = [value for value in dict(receiver).values() if isinstance(value, pulumi.Output)]
        assert "key-of-the-pager" not in repr(receiver)
        assert "hooks.example" not in repr(receiver)
        assert output is not None


def test_a_mistake_is_named_by_the_key_in_the_file() -> None:
    assert mistakes(receivers={"critical": {**PAGER, "kind": "pager"}}) == [
        'receivers.critical.kind: "pager" is not allowed; choose one of: slack, pagerduty, webhook, email'
    ]
    assert mistakes(receivers={"warning": {key: SLACK[key] for key in ("kind", "url")}}) == [
        "receivers.warning.channel: is required: With its #."
    ]
    assert mistakes(receivers={"info": SLACK}) == ["receivers.info: \"info\" is not allowed; choose one of: 'critical', 'warning'"]
    assert mistakes(runbooks="https://git.example/docs/runbooks/")[0].startswith("runbooks: ")


def test_a_secret_is_not_repeated_in_a_mistake() -> None:
    (mistake,) = mistakes(receivers={"critical": {**PAGER, "routingKey": 8_131_207}})
    assert mistake.startswith("receivers.critical.routingKey: a secret is text; a number or true needs quotes")
