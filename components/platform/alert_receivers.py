"""Receivers of alerts: Alertmanager's routes and receivers. Alertmanager reads a receiver's secrets from files.

Keys: prometheus/alertmanager:docs/configuration.md@v0.34.0. The operator must know each key too, or it refuses the configuration
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
"""Mount path of a Secret that an Alertmanager names in `spec.secrets`; one file per severity."""

Severity = Literal["critical", "warning"]
"""`critical` wakes a person, `warning` waits for working hours. Every alert of the platform has one of the two."""


class SlackReceiver(Args):
    """`url`: address of an incoming webhook."""

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
    """`url` is a secret, because it allows sending."""

    kind: Literal["webhook"]
    url: pulumi.Output[str]

    @property
    def secret(self) -> pulumi.Output[str]:
        return self.url

    def fields(self, file: str) -> dict[str, Any]:
        return {"webhook_configs": [{"url_file": file}]}


class EmailReceiver(Args):
    """`server`: host:port of an SMTP server; the sender logs in with its own address."""

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
    """Receiver per severity; alerts of a severity without one are not sent."""

    by_severity: dict[Severity, Receiver] = Field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        """Helm merges this into the chart's values, whose inhibitions stay: a critical alert silences the warning of the same name."""
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
