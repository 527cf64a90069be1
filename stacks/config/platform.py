"""The in-cluster layer: the installed parts and the settings of their controllers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag, model_validator

from components.declared import ImageReference, Secret, chosen_by
from components.exposure import Exposure
from components.platform.alert_receivers import Severity
from components.prometheus import address as prometheus_address
from components.quantities import MemoryQuantity
from components.scheduling import Resources, Toleration
from stacks.config.section import Section


class MirrorConfig(Section):
    """Sources of charts, manifests and images that replace upstream."""

    registry: str | None = Field(None, description="A registry that holds all artifacts under their upstream names.")
    charts: str | None = Field(None, description="A folder of <name>-<version>.tgz files, or an oci:// prefix.")
    manifests: str | None = Field(None, description="A folder of <name>-<version>.yaml release manifests.")
    images: dict[str, str] = Field(default_factory=dict, description="Image prefix → replacement; the longest prefix wins.")
    digests: Literal["keep", "drop"] = Field("keep", description="`drop` if the mirror's images are its own builds.")


class SafeguardsConfig(Section):
    """Safeguards of an environment that users depend on."""

    protect: bool = Field(False, description="true: cluster, data and CRDs are neither deleted nor replaced until a person lifts it.")
    digests: Literal["optional", "required"] = Field(
        "optional", description="`required`: `pulumi up` is refused while an artifact has no digest in the lock."
    )


class PlacementConfig(Section):
    """Placement of the platform's own controllers."""

    node_selector: dict[str, str] = Field(default_factory=dict, description="Labels of their nodes.")
    tolerations: list[Toleration] = Field(default_factory=list, description="Taints that the controllers tolerate.")


class ControllerConfig(Section):
    """A part of the platform. Several replicas are spread over zones and nodes, and a drain takes one at a time."""

    enabled: bool = Field(True, description="false: this platform does not install it; the cluster may have its own.")
    replicas: Annotated[int, Field(ge=1, le=5)] = Field(1, description="Replicas of its controllers and webhooks.")
    resources: Resources | None = Field(None, description="Resources of its main controller. Default: the component's known needs.")
    timeout_seconds: Annotated[int, Field(ge=30, le=3600)] = Field(300, description="Time limit of its installation.")


class OptionalConfig(ControllerConfig):
    enabled: bool = Field(False, description="true: this platform installs it.")


class GpuOperatorConfig(Section):
    """NVIDIA's device plugin and exporter. The operator has one replica, because GPUs in use do not depend on it."""

    enabled: bool = Field(False, description="true: this platform installs it.")
    resources: Resources | None = Field(None, description="Resources of the operator. Default: the chart's.")
    timeout_seconds: Annotated[int, Field(ge=30, le=3600)] = Field(600, description="Time limit of its installation.")


class GatewayApiConfig(Section):
    enabled: bool = Field(False, description="true: this platform installs the Gateway API's CRDs.")


class EnvoyGatewayConfig(OptionalConfig):
    exposure: Exposure = Field("cluster", description="Exposure of the gateway.")


class KnativeConfig(OptionalConfig):
    """Knative Serving and its ingress, Kourier."""

    exposure: Exposure = Field("cluster", description="Exposure of Kourier.")
    domain: str = Field("svc.cluster.local", description="Domain of the services' own addresses.")


KINDS = "slack, pagerduty, webhook (Alertmanager's own JSON) or email."


class SlackConfig(Section):
    """A Slack channel, by an incoming webhook."""

    kind: Literal["slack"] = Field(description=KINDS)
    url: Secret = Field(description="The webhook's address; a secret.")
    channel: Annotated[str, Field(pattern=r"^#")] = Field(description="With its #.")


class PagerDutyConfig(Section):
    """A service of PagerDuty's Events API v2."""

    kind: Literal["pagerduty"] = Field(description=KINDS)
    routing_key: Secret = Field(description="The integration key; a secret.")


class WebhookConfig(Section):
    """A receiver of Alertmanager's own JSON."""

    kind: Literal["webhook"] = Field(description=KINDS)
    url: Secret = Field(description="Its address; a secret.")


class EmailConfig(Section):
    """A mailbox."""

    kind: Literal["email"] = Field(description=KINDS)
    to: str
    sender: str = Field(description="Sender's address; also the user name at the server.")
    server: Annotated[str, Field(pattern=r"^[^:]+:[0-9]+$")] = Field(description="host:port of the SMTP server; STARTTLS.")
    password: Secret = Field(description="The sender's password; a secret.")


ReceiverConfig = Annotated[
    Annotated[SlackConfig, Tag("slack")]
    | Annotated[PagerDutyConfig, Tag("pagerduty")]
    | Annotated[WebhookConfig, Tag("webhook")]
    | Annotated[EmailConfig, Tag("email")],
    chosen_by("kind", "slack", "pagerduty", "webhook", "email"),
]


class AlertsConfig(Section):
    """Receivers of alerts, and the location of the runbooks."""

    receivers: dict[Severity, ReceiverConfig] = Field(
        default_factory=dict, description="Receivers of critical alerts and of warnings. Default: none."
    )
    runbooks: Annotated[str, Field(pattern=r"^https?://.*[^/]$")] | None = Field(
        None, description="Address of this repository's docs/runbooks; alerts link there. Default: alerts name the file."
    )


class MonitoringConfig(OptionalConfig):
    """Prometheus, Alertmanager and Grafana."""

    retention_days: Annotated[int, Field(ge=1, le=400)] = Field(15, description="Retention of samples in Prometheus.")
    storage_gib: Annotated[int, Field(ge=1, le=10000)] = Field(20, description="GiB of Prometheus' volume, for each replica.")
    prometheus_url: Annotated[str, AfterValidator(prometheus_address)] | None = Field(
        None,
        description="Address of an existing Prometheus, where none is installed; with prometheus-operator's CRDs. "
        "It must answer pods without credentials, and by https only with a certificate that they trust.",
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Labels by which an existing Prometheus selects monitors and rules.")
    grafana: bool = Field(
        False, description="true: beside an existing Prometheus, a Grafana reads dashboards from ConfigMaps labelled grafana_dashboard."
    )
    alerts: AlertsConfig = AlertsConfig.model_validate({})

    @model_validator(mode="after")
    def _one_prometheus(self) -> MonitoringConfig:
        if self.enabled and self.prometheus_url:
            raise ValueError("prometheusUrl names an existing Prometheus; leave it out or set enabled: false")
        if self.labels and not self.prometheus_url:
            raise ValueError("labels are for an existing Prometheus; name it in prometheusUrl or leave labels out")
        return self


class MinioConfig(Section):
    """MinIO in the cluster."""

    enabled: bool = Field(True, description="false: no model store.")
    backend: Literal["minio"] = Field("minio", description="MinIO, in the cluster.")
    mode: Literal["standalone", "distributed"] = Field("standalone", description="One server, or a set that survives the loss of some.")
    replicas: Annotated[int, Field(ge=1, le=16)] = Field(1, description="Servers, one drive each; distributed needs 4 or more.")
    storage_size: MemoryQuantity = Field("5Gi", description="Size of each server's drive.")
    key_generation: Annotated[int, Field(ge=1)] = Field(1, description="Raise it by one to give readers and publisher new keys.")
    resources: Resources | None = Field(None, description="Resources of each server.")
    timeout_seconds: Annotated[int, Field(ge=30, le=3600)] = Field(300, description="Time limit for the servers to become ready.")

    @model_validator(mode="after")
    def _enough_drives(self) -> MinioConfig:
        if self.mode == "distributed" and self.replicas < 4:
            raise ValueError(f"mode distributed needs replicas of 4 to 16, not {self.replicas}")
        if self.mode == "standalone" and self.replicas != 1:
            raise ValueError(f"mode standalone has replicas 1, not {self.replicas}; mode distributed takes 4 to 16")
        return self

    @property
    def bucket(self) -> str:
        return "models"


class S3Config(Section):
    """A bucket on AWS, read by Pod Identity without keys."""

    enabled: bool = Field(True, description="false: no model store.")
    backend: Literal["s3"] = Field(description="Amazon S3, read by Pod Identity.")
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,52}[a-z0-9]$")] = Field(description="The bucket's name, globally unique.")


ModelStoreConfig = Annotated[
    Annotated[MinioConfig, Tag("minio")] | Annotated[S3Config, Tag("s3")], chosen_by("backend", "minio", "s3", default="minio")
]


class ModelImagesConfig(Section):
    """Images of one model, named by the user or workflow that built them from models/<name>/."""

    server: ImageReference | None = Field(None, description="Its server: target `serving` of the Dockerfile.")
    weights: ImageReference | None = Field(
        None, description="Its trained weights: target `weights`. Every file below /weights is published in the model store under its path."
    )

    @property
    def named(self) -> dict[str, str]:
        """The images that are set, by key."""
        return {key: reference for key, reference in (("server", self.server), ("weights", self.weights)) if reference}
