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
