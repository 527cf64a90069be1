"""Every third-party pin of the platform, each under the marker that Renovate reads. No other file names a version."""

from __future__ import annotations

from components.artifacts import Addon, Chart, Image, Manifest

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
KUBE_RBAC_PROXY = Image(repository="quay.io/brancz/kube-rbac-proxy", tag="v0.22.1")

# MinIO's own images ended in 2025 with known vulnerabilities; Silo is the patched fork with the same protocol
# (minio/minio:README.md@7aac2a2c5b7c; pgsty/silo:CHANGELOG.md).
# renovate: datasource=docker depName=docker.io/pgsty/silo
SILO = Image(repository="docker.io/pgsty/silo", tag="RELEASE.2026-09-16T00-00-00Z")

# renovate: datasource=helm depName=gpu-operator registryUrl=https://helm.ngc.nvidia.com/nvidia
GPU_OPERATOR_CHART = Chart(repository="https://helm.ngc.nvidia.com/nvidia/charts", name="gpu-operator", version="v26.7.0")
# Images for nodes with a preinstalled driver and toolkit (NVIDIA/gpu-operator:deployments/gpu-operator/values.yaml@v26.7.0).
# renovate: datasource=docker depName=nvcr.io/nvidia/gpu-operator
GPU_OPERATOR = Image(repository="nvcr.io/nvidia/gpu-operator", tag="v26.7.0")
# renovate: datasource=docker depName=nvcr.io/nvidia/k8s-device-plugin
GPU_DEVICE_PLUGIN = Image(repository="nvcr.io/nvidia/k8s-device-plugin", tag="v0.20.0")
# renovate: datasource=docker depName=nvcr.io/nvidia/k8s/dcgm-exporter
DCGM_EXPORTER = Image(repository="nvcr.io/nvidia/k8s/dcgm-exporter", tag="4.6.0-4.8.3-distroless")
# renovate: datasource=docker depName=registry.k8s.io/nfd/node-feature-discovery
NODE_FEATURE_DISCOVERY = Image(repository="registry.k8s.io/nfd/node-feature-discovery", tag="v0.19.0")

# Upgrade both together: the chart's appVersion is the operator version of the CRDs.
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

# EKS add-ons: AWS's defaults for 1.35 as several public repositories recorded them, from `aws eks describe-addon-versions`, on 2026-08-30;
# the node monitoring agent's from a cluster of that version (devopscoop/project1-dev).
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"vpc-cni"}
EKS_1_35_VPC_CNI = Addon(name="vpc-cni", kubernetes="1.35", version="v1.22.4-eksbuild.3")
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"kube-proxy"}
EKS_1_35_KUBE_PROXY = Addon(name="kube-proxy", kubernetes="1.35", version="v1.35.3-eksbuild.21")
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"eks-pod-identity-agent"}
EKS_1_35_POD_IDENTITY_AGENT = Addon(name="eks-pod-identity-agent", kubernetes="1.35", version="v1.3.10-eksbuild.3")
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"coredns"}
EKS_1_35_COREDNS = Addon(name="coredns", kubernetes="1.35", version="v1.13.2-eksbuild.21")
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"aws-ebs-csi-driver"}
EKS_1_35_EBS_CSI_DRIVER = Addon(name="aws-ebs-csi-driver", kubernetes="1.35", version="v1.65.0-eksbuild.1")
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"metrics-server"}
EKS_1_35_METRICS_SERVER = Addon(name="metrics-server", kubernetes="1.35", version="v0.9.0-eksbuild.7")
# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"eks-node-monitoring-agent"}
EKS_1_35_NODE_MONITORING_AGENT = Addon(name="eks-node-monitoring-agent", kubernetes="1.35", version="v1.7.0-eksbuild.1")

# renovate: datasource=helm depName=cluster-autoscaler registryUrl=https://kubernetes.github.io/autoscaler
CLUSTER_AUTOSCALER_CHART = Chart(
    repository="https://github.com/kubernetes/autoscaler/releases/download/cluster-autoscaler-chart-9.59.0",
    name="cluster-autoscaler",
    version="9.59.0",
)
# Its minor version must be the cluster's (kubernetes/autoscaler:cluster-autoscaler/README.md, "Releases").
# renovate: datasource=docker depName=registry.k8s.io/autoscaling/cluster-autoscaler
CLUSTER_AUTOSCALER_1_35 = Image(repository="registry.k8s.io/autoscaling/cluster-autoscaler", tag="v1.35.2")

# The first chart is the CRDs of the second, which Helm would never upgrade.
# renovate: datasource=docker depName=public.ecr.aws/karpenter/karpenter-crd
KARPENTER_CRD_CHART = Chart(repository="oci://public.ecr.aws/karpenter", name="karpenter-crd", version="1.14.1")
# renovate: datasource=docker depName=public.ecr.aws/karpenter/karpenter
KARPENTER_CHART = Chart(repository="oci://public.ecr.aws/karpenter", name="karpenter", version="1.14.1")
# renovate: datasource=docker depName=public.ecr.aws/karpenter/controller
KARPENTER = Image(repository="public.ecr.aws/karpenter/controller", tag="1.14.1")

# Release manifests, one file each. Knative's contains the CRDs too.
# renovate: datasource=github-releases depName=kubernetes-sigs/gateway-api
GATEWAY_API = Manifest(
    name="gateway-api",
    version="1.6.1",
    url="https://github.com/kubernetes-sigs/gateway-api/releases/download/v{version}/standard-install.yaml",
)
# renovate: datasource=github-releases depName=knative/serving
KNATIVE_SERVING = Manifest(
    name="serving-core",
    version="1.21.1",
    url="https://github.com/knative/serving/releases/download/knative-v{version}/serving-core.yaml",
    images="gcr.io/knative-releases/",
)
# renovate: datasource=github-releases depName=knative-extensions/net-kourier
KOURIER = Manifest(
    name="kourier",
    version="1.21.0",
    url="https://github.com/knative-extensions/net-kourier/releases/download/knative-v{version}/kourier.yaml",
    images="gcr.io/knative-releases/",
)
# renovate: datasource=github-releases depName=kedacore/keda
KEDA = Manifest(
    name="keda",
    version="2.21.0",
    url="https://github.com/kedacore/keda/releases/download/v{version}/keda-{version}.yaml",
)
# KEDA's manifest names its images by tag only; pins give them digests.
# renovate: datasource=docker depName=ghcr.io/kedacore/keda
KEDA_OPERATOR = Image(repository="ghcr.io/kedacore/keda", tag="2.21.0")
# renovate: datasource=docker depName=ghcr.io/kedacore/keda-metrics-apiserver
KEDA_METRICS_SERVER = Image(repository="ghcr.io/kedacore/keda-metrics-apiserver", tag="2.21.0")
# renovate: datasource=docker depName=ghcr.io/kedacore/keda-admission-webhooks
KEDA_WEBHOOKS = Image(repository="ghcr.io/kedacore/keda-admission-webhooks", tag="2.21.0")

DOCKER_HUB = "docker.io"
"""Docker Hub's name in image references."""
DOCKER_HUB_API = "registry-1.docker.io"
"""Address of Docker Hub's registry."""
DOCKER_HUB_INDEX = "index.docker.io"
"""Docker Hub's name in Docker's configuration and Knative (google/go-containerregistry:pkg/name/registry.go)."""

# renovate: datasource=docker depName=docker.io/envoyproxy/gateway-helm
ENVOY_GATEWAY_CHART = Chart(repository="oci://docker.io/envoyproxy", name="gateway-helm", version="v1.9.1")
# renovate: datasource=docker depName=docker.io/envoyproxy/gateway
ENVOY_GATEWAY = Image(repository="docker.io/envoyproxy/gateway", tag="v1.9.1")
# The proxy that this release of Envoy Gateway is tested with (envoyproxy/gateway:api/v1alpha1/shared_types.go@v1.9.1). Kourier runs the
# same one, because its manifest names a moving tag.
# renovate: datasource=docker depName=docker.io/envoyproxy/envoy
ENVOY_PROXY = Image(repository="docker.io/envoyproxy/envoy", tag="distroless-v1.39.1")

# The bench has the same version, from PyPI.
# renovate: datasource=docker depName=docker.io/vllm/vllm-openai
VLLM = Image(repository="docker.io/vllm/vllm-openai", tag="v0.32.0")
