"""Versions for one Kubernetes minor on EKS: add-ons and the autoscaler's image. They are upgraded together with the cluster."""

from __future__ import annotations

from components import versions
from components.artifacts import Addon, Image
from components.base import Args


class EksRelease(Args):
    """`networking` add-ons come before the first node, because no node becomes ready without them; `services` run on nodes."""

    kubernetes: str
    vpc_cni: Addon
    kube_proxy: Addon
    pod_identity_agent: Addon
    coredns: Addon
    ebs_csi_driver: Addon
    metrics_server: Addon
    node_monitoring_agent: Addon
    cluster_autoscaler: Image


RELEASES = {
    release.kubernetes: release
    for release in [
        EksRelease(
            kubernetes="1.35",
            vpc_cni=versions.EKS_1_35_VPC_CNI,
            kube_proxy=versions.EKS_1_35_KUBE_PROXY,
            pod_identity_agent=versions.EKS_1_35_POD_IDENTITY_AGENT,
            coredns=versions.EKS_1_35_COREDNS,
            ebs_csi_driver=versions.EKS_1_35_EBS_CSI_DRIVER,
            metrics_server=versions.EKS_1_35_METRICS_SERVER,
            node_monitoring_agent=versions.EKS_1_35_NODE_MONITORING_AGENT,
            cluster_autoscaler=versions.CLUSTER_AUTOSCALER_1_35,
        )
    ]
}
"""Releases by Kubernetes minor. An upgrade first adds the next minor here, then moves dev, then prod, and finally removes the old minor."""
