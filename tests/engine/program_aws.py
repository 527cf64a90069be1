"""A little of everything that the aws stacks do; `case` chooses what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.sagemaker_args import SageMakerEndpointArgs, Variant
from components.aws.sagemaker_endpoint import SageMakerEndpoint
from components.serving.objective import Objective
from components.serving.sagemaker import Deployment
from components.serving.scaling import Replicas


def endpoint(vpc_id: pulumi.Output[str], subnet_ids: list[str | pulumi.Output[str]], key_arn: pulumi.Output[str]) -> SageMakerEndpointArgs:
    image = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/vllm:1@sha256:{'c' * 64}"
    return SageMakerEndpointArgs(
        name="test-chat",
        region="eu-west-1",
        variants=[Variant(name="AllTraffic", image=image, environment={}, source="s3://models/chat/", weight=100)],
        capacity="ml.m5.large",
        replicas=Replicas(min=2, max=4),
        concurrency=8,
        canary=Deployment.model_validate({}),
        objective=Objective.model_validate({}),
        start_seconds=120,
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        bucket="models",
        key_arn=key_arn,
        log_retention_days=30,
    )


def declare(case: str) -> None:
    options = pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-west-1", default_tags={"tags": {"stack": "test"}}))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}

    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"case": case}, opts=options)

    if case in ("good", "misspelt", "wrong-word"):
        subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=options)
        role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}), opts=options)
        cluster = aws.eks.Cluster("cluster", role_arn=role.arn, vpc_config={"subnet_ids": [subnet.id]}, opts=options)
        aws.vpc.SecurityGroupIngressRule(
            "rule", security_group_id=cluster.vpc_config.cluster_security_group_id, ip_protocol="tcp", cidr_ipv4="10.0.0.0/8", opts=options
        )
        aws.ec2.LaunchTemplate("template", user_data=pulumi.Output.secret("aHVudGVyMg=="), opts=options)
        scaling: Any = {"desired_size": 1, "max_size": 1, "min_size": 0}
        misspelt: Any = {"desired_size": "1", "max": 1, "min_size": 0}
        aws.eks.NodeGroup(
            "nodes",
            cluster_name=cluster.name,
            node_role_arn=role.arn,
            subnet_ids=[subnet.id],
            scaling_config=misspelt if case == "misspelt" else scaling,
            taints=[{"key": "gpu", "effect": "NoSchedule" if case == "wrong-word" else "NO_SCHEDULE"}],
            ami_type="AL2023_x86_64_NVIDA" if case == "wrong-word" else "AL2023_x86_64_NVIDIA",
            opts=options,
        )

    if case == "endpoint":
        key = aws.kms.Key("key", enable_key_rotation=True, opts=options)
        subnets = [aws.ec2.Subnet(f"subnet-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{zone}.0/24", opts=options) for zone in range(2)]
        SageMakerEndpoint("chat", endpoint(vpc.id, [subnet.id for subnet in subnets], key.arn), options)

    if case == "function":
        aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=options.provider))

    if case == "adopted":
        aws.ec2.Vpc.get("adopted", "vpc-0123456789abcdef0", opts=options)
