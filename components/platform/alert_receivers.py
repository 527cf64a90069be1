"""Who is told of alerts: Alertmanager's routes and receivers. What a receiver keeps secret is a file that Alertmanager reads.

Keys: prometheus/alertmanager:docs/configuration.md@v0.34.0. The operator knows each of them too, or it would refuse the configuration
(prometheus-operator:pkg/alertmanager/types.go@v0.93.1).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pulumi
from pydantic import Field

from components.base import Args

SECRET = "alert-receivers"  # noqa: S105 - the Secret's name
NOBODY = "null"
FILES = f"/etc/alertmanager/secrets/{SECRET}"
"""Where the operator mounts a Secret that an Alertmanager names (its `spec.secrets`); one file for each severity."""

Severity = Literal["critical", "warning"]
"""`critical` wakes a person, `warning` waits for working hours. All alerts of ours have one of the two."""


class SlackReceiver(Args):
    """`url`: of an incoming webhook."""

    kind: Literal["slack"]
    url: pulumi.Output[str]
    channel: str

    @property
    def secret(self) -> pulumi.Output[str]:
        return self.url

    def fields(self, file: str) -> dict[str, Any]:
        return {"slack_configs": [{"api_url_file": file, "channel": self.channel, "send_resolved": True}]}


class PagerDutyReceiver(Args):
    """`routing_key`: the integration key of an Events API v2 integration."""

    kind: Literal["pagerduty"]
    routing_key: pulumi.Output[str]

    @property
    def secret(self) -> pulumi.Output[str]:
        return self.routing_key

    def fields(self, file: str) -> dict[str, Any]:
        return {"pagerduty_configs": [{"routing_key_file": file}]}


class WebhookReceiver(Args):
    """`url` is a secret: whoever knows it can send."""

    kind: Literal["webhook"]
    url: pulumi.Output[str]

    @property
    def secret(self) -> pulumi.Output[str]:
        return self.url

    def fields(self, file: str) -> dict[str, Any]:
        return {"webhook_configs": [{"url_file": file}]}


class EmailReceiver(Args):
    """`server`: host:port of an SMTP server, which the sender logs in to with its own address."""

    kind: Literal["email"]
    to: str
    sender: str
    server: str
    password: pulumi.Output[str]

    @property
    def secret(self) -> pulumi.Output[str]:
        return self.password

    def fields(self, file: str) -> dict[str, Any]:
        login = {"smarthost": self.server, "auth_username": self.sender, "auth_password_file": file}
        return {"email_configs": [{"to": self.to, "from": self.sender, **login, "send_resolved": True}]}


Receiver = Annotated[SlackReceiver | PagerDutyReceiver | WebhookReceiver | EmailReceiver, Field(discriminator="kind")]


class AlertReceivers(Args):
    """A severity without one: nobody is told."""

    by_severity: dict[Severity, Receiver] = Field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        """Helm puts this over the chart's own, whose inhibitions stay: a critical alert silences the warning of its name."""
        by_severity = self.by_severity
        return {
            "route": {
                "receiver": NOBODY,
                "group_by": ["alertname", "namespace", "service"],
                "group_wait": "30s",
                "group_interval": "5m",
                "repeat_interval": "12h",
                "routes": [{"receiver": severity, "matchers": [f'severity="{severity}"']} for severity in by_severity],
            },
            "receivers": [
                {"name": NOBODY},
                *({"name": severity, **receiver.fields(f"{FILES}/{severity}")} for severity, receiver in by_severity.items()),
            ],
        }
