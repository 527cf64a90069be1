"""A whole stack, and the rules between its sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from components.declared import Name
from components.serving.model_service import ModelService
from stacks.config.cluster import ClusterConfig, ExistingClusterConfig, GpuConfig
from stacks.config.needs import broken_needs
from stacks.config.platform import (
    ControllerConfig,
    EnvoyGatewayConfig,
    GatewayApiConfig,
    GpuOperatorConfig,
    KnativeConfig,
    MinioConfig,
    MirrorConfig,
    ModelImagesConfig,
    ModelStoreConfig,
    MonitoringConfig,
    OptionalConfig,
    PlacementConfig,
    SafeguardsConfig,
)
from stacks.config.rules import broken
from stacks.config.section import Section


class StackConfig(Section):
    """A whole stack. Sections stand in the order in which later ones may need earlier ones."""

    cluster: ClusterConfig = ExistingClusterConfig.model_validate({})
    gpu: GpuConfig = GpuConfig.model_validate({})
    safeguards: SafeguardsConfig = SafeguardsConfig.model_validate({})
    mirror: MirrorConfig = MirrorConfig.model_validate({})
    placement: PlacementConfig = PlacementConfig.model_validate({})
    gateway_api: GatewayApiConfig = Field(GatewayApiConfig.model_validate({}), description="The Gateway API's CRDs.")
    cert_manager: ControllerConfig = Field(ControllerConfig.model_validate({}), description="Certificates of the webhooks.")
    envoy_gateway: EnvoyGatewayConfig = Field(EnvoyGatewayConfig.model_validate({}), description="The gateway in front of the models.")
    knative: KnativeConfig = KnativeConfig.model_validate({})
    keda: OptionalConfig = Field(OptionalConfig.model_validate({}), description="Autoscaling on queries.")
    monitoring: MonitoringConfig = MonitoringConfig.model_validate({})
    gpu_operator: GpuOperatorConfig = GpuOperatorConfig.model_validate({})
    kserve: ControllerConfig = Field(ControllerConfig.model_validate({}), description="The serving controller.")
    model_store: ModelStoreConfig = MinioConfig.model_validate({})
    images: dict[Name, ModelImagesConfig] = Field(default_factory=dict, description="Images of the models' own, by the model's name.")
    models: dict[Name, ModelService] = Field(default_factory=dict, description="The models that are served, by name.")

    renamed: ClassVar[Mapping[str, str]] = {"services": "models: a map from each model's name to its entry (docs/models.md)"}

    @field_validator("*")
    @classmethod
    def _beside_others(cls, section: object, others: ValidationInfo) -> object:
        """A rule of the field, not of the whole: so it is reported together with mistakes in other sections."""
        if words := broken(others.field_name or "", section, others.data):
            raise ValueError("; ".join(words))
        return section

    @field_validator("models", mode="before")
    @classmethod
    def _nothing_below_the_key(cls, models: object) -> object:
        """A key whose entries are all commented out is empty: YAML reads null, and Pulumi hands over an empty text."""
        return {} if models in (None, "") else models

    @field_validator("models")
    @classmethod
    def _have_what_they_need(cls, models: dict[str, ModelService], others: ValidationInfo) -> dict[str, ModelService]:
        if words := broken_needs(models, others.data):
            raise ValueError("; ".join(words))
        return models
