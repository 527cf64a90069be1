"""Every third-party pin of the platform, each under the marker that Renovate reads. Nothing else names a version."""

from __future__ import annotations

from components.artifacts import Chart, Image

# renovate: datasource=docker depName=quay.io/jetstack/charts/cert-manager
CERT_MANAGER_CHART = Chart(repository="oci://quay.io/jetstack/charts", name="cert-manager", version="v1.21.2")
# renovate: datasource=docker depName=quay.io/jetstack/cert-manager-controller
CERT_MANAGER_CONTROLLER = Image(repository="quay.io/jetstack/cert-manager-controller", tag="v1.21.2")
# renovate: datasource=docker depName=quay.io/jetstack/cert-manager-webhook
CERT_MANAGER_WEBHOOK = Image(repository="quay.io/jetstack/cert-manager-webhook", tag="v1.21.2")
# renovate: datasource=docker depName=quay.io/jetstack/cert-manager-cainjector
CERT_MANAGER_CAINJECTOR = Image(repository="quay.io/jetstack/cert-manager-cainjector", tag="v1.21.2")
# renovate: datasource=docker depName=quay.io/jetstack/cert-manager-acmesolver
CERT_MANAGER_ACMESOLVER = Image(repository="quay.io/jetstack/cert-manager-acmesolver", tag="v1.21.2")

# renovate: datasource=docker depName=ghcr.io/kserve/charts/kserve-crd
KSERVE_CRD_CHART = Chart(repository="oci://ghcr.io/kserve/charts", name="kserve-crd", version="v0.20.0")
# renovate: datasource=docker depName=ghcr.io/kserve/charts/kserve-resources
KSERVE_CHART = Chart(repository="oci://ghcr.io/kserve/charts", name="kserve-resources", version="v0.20.0")
# renovate: datasource=docker depName=docker.io/kserve/kserve-controller
KSERVE_CONTROLLER = Image(repository="docker.io/kserve/kserve-controller", tag="v0.20.0")
# renovate: datasource=docker depName=docker.io/kserve/storage-initializer
KSERVE_STORAGE_INITIALIZER = Image(repository="docker.io/kserve/storage-initializer", tag="v0.20.0")
# renovate: datasource=docker depName=quay.io/brancz/kube-rbac-proxy
KUBE_RBAC_PROXY = Image(repository="quay.io/brancz/kube-rbac-proxy", tag="v0.18.0")

# MinIO's own images ended in 2025 with known holes; Silo is the patched fork with the same protocol (facts/cloud.md, section 3).
# renovate: datasource=docker depName=docker.io/pgsty/silo
SILO = Image(repository="docker.io/pgsty/silo", tag="RELEASE.2026-09-16T00-00-00Z")

# renovate: datasource=helm depName=gpu-operator registryUrl=https://helm.ngc.nvidia.com/nvidia
GPU_OPERATOR_CHART = Chart(repository="https://helm.ngc.nvidia.com/nvidia/charts", name="gpu-operator", version="v26.7.0")
# The images that run with driver and toolkit preinstalled (NVIDIA/gpu-operator:deployments/gpu-operator/values.yaml@v26.7.0).
# renovate: datasource=docker depName=nvcr.io/nvidia/gpu-operator
GPU_OPERATOR = Image(repository="nvcr.io/nvidia/gpu-operator", tag="v26.7.0")
# renovate: datasource=docker depName=nvcr.io/nvidia/k8s-device-plugin
GPU_DEVICE_PLUGIN = Image(repository="nvcr.io/nvidia/k8s-device-plugin", tag="v0.20.0")
# renovate: datasource=docker depName=nvcr.io/nvidia/k8s/dcgm-exporter
DCGM_EXPORTER = Image(repository="nvcr.io/nvidia/k8s/dcgm-exporter", tag="4.6.0-4.8.3-distroless")
# renovate: datasource=docker depName=registry.k8s.io/nfd/node-feature-discovery
NODE_FEATURE_DISCOVERY = Image(repository="registry.k8s.io/nfd/node-feature-discovery", tag="v0.19.0")

# The two go together: the chart's appVersion is the operator version that the CRDs are of.
# renovate: datasource=docker depName=ghcr.io/prometheus-community/charts/prometheus-operator-crds
PROMETHEUS_CRDS_CHART = Chart(repository="oci://ghcr.io/prometheus-community/charts", name="prometheus-operator-crds", version="31.0.1")
# renovate: datasource=docker depName=ghcr.io/prometheus-community/charts/kube-prometheus-stack
PROMETHEUS_CHART = Chart(repository="oci://ghcr.io/prometheus-community/charts", name="kube-prometheus-stack", version="88.5.3")
# renovate: datasource=docker depName=quay.io/prometheus-operator/prometheus-operator
PROMETHEUS_OPERATOR = Image(repository="quay.io/prometheus-operator/prometheus-operator", tag="v0.93.1")
# renovate: datasource=docker depName=quay.io/prometheus-operator/prometheus-config-reloader
PROMETHEUS_CONFIG_RELOADER = Image(repository="quay.io/prometheus-operator/prometheus-config-reloader", tag="v0.93.1")
# renovate: datasource=docker depName=quay.io/prometheus/prometheus
PROMETHEUS = Image(repository="quay.io/prometheus/prometheus", tag="v3.14.0-distroless")
# renovate: datasource=docker depName=quay.io/prometheus/alertmanager
ALERTMANAGER = Image(repository="quay.io/prometheus/alertmanager", tag="v0.34.0")
# renovate: datasource=docker depName=quay.io/prometheus/node-exporter
NODE_EXPORTER = Image(repository="quay.io/prometheus/node-exporter", tag="v1.12.1-distroless")
# renovate: datasource=docker depName=registry.k8s.io/kube-state-metrics/kube-state-metrics
KUBE_STATE_METRICS = Image(repository="registry.k8s.io/kube-state-metrics/kube-state-metrics", tag="v2.20.0")
# renovate: datasource=docker depName=docker.io/grafana/grafana
GRAFANA = Image(repository="docker.io/grafana/grafana", tag="13.2.0")
# renovate: datasource=docker depName=quay.io/kiwigrid/k8s-sidecar
GRAFANA_SIDECAR = Image(repository="quay.io/kiwigrid/k8s-sidecar", tag="2.10.1")
