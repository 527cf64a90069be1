"""The storage class for volumes that do not name one."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels

NAME = "gp3"


class StorageClassArgs(Args):
    """gp3 volumes, encrypted with the account's default key for EBS."""


class StorageClass(Component):
    """Owns the default storage class; EKS has none. Usable at once; a volume is created in the zone of the first pod that uses it."""

    name: str

    def __init__(
        self,
        name: str,
        _args: StorageClassArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        k8s.storage.v1.StorageClass(
            NAME,
            metadata={
                "name": NAME,
                "labels": labels(NAME, "storage"),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner="ebs.csi.aws.com",
            # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
            parameters={"type": "gp3", "encrypted": "true"},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            # Parameters cannot change in place, and the name is taken until the old class is gone; existing volumes do not need it.
            opts=self.child(delete_before_replace=True),
        )
        self.name = NAME
        self.register_outputs({"name": NAME})
