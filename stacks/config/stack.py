"""A whole stack, and the rules between its sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from stacks.config.cluster import ClusterConfig, ExistingClusterConfig, GpuConfig
from stacks.config.platform import (
    ControllerConfig,
    EnvoyGatewayConfig,
    GatewayApiConfig,
    ImagesConfig,
    KnativeConfig,
    MinioConfig,
    MirrorConfig,
    ModelStoreConfig,
    MonitoringConfig,
    OptionalConfig,
    PlacementConfig,
    SafeguardsConfig,
)
from stacks.config.rules import broken
from stacks.config.section import Section
from stacks.config.services import ServicesConfig, bucket_of


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
    gpu_operator: OptionalConfig = Field(OptionalConfig.model_validate({}), description="NVIDIA's device plugin and exporter.")
    kserve: ControllerConfig = Field(ControllerConfig.model_validate({}), description="The serving controller.")
    model_store: ModelStoreConfig = MinioConfig.model_validate({})
    images: ImagesConfig = ImagesConfig.model_validate({})
    services: ServicesConfig = Field(ServicesConfig.model_validate({}), description="The models that are served.")

    @field_validator("*")
    @classmethod
    def _beside_others(cls, section: object, others: ValidationInfo) -> object:
        """A rule of the field, not of the whole: so it is reported together with mistakes in other sections."""
        if words := broken(others.field_name or "", section, others.data):
            raise ValueError("; ".join(words))
        return section

    @field_validator("services")
    @classmethod
    def _have_what_they_need(cls, services: ServicesConfig, others: ValidationInfo) -> ServicesConfig:
        """A section with a mistake of its own is not among `others` and counts as what it should be."""
        if services.mnist is None:
            return services
        found = others.data
        needs = {
            "kserve.enabled: true": _on(found, "kserve"),
            "modelStore.enabled: true": _on(found, "model_store"),
            "images.mnist": "images" not in found or found["images"].mnist is not None,
            "images.mnistWeights": "images" not in found or found["images"].mnist_weights is not None,
        }
        if missing := [need for need, met in needs.items() if not met]:
            raise ValueError(f"mnist needs {', '.join(missing)}; set what is missing, or leave services.mnist out")
        return services

    @field_validator("services")
    @classmethod
    def _read_from_the_store(cls, services: ServicesConfig, others: ValidationInfo) -> ServicesConfig:
        store = others.data.get("model_store")
        if store is None:
            return services
        for key, address in services.models.items():
            if bucket_of(address) != store.bucket:
                raise ValueError(f'{key}: "{address}" is not in the model store; its bucket is {store.bucket}')
        return services


def _on(sections: Mapping[str, Any], name: str) -> bool:
    return name not in sections or sections[name].enabled
