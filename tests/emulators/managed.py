"""Resources of SageMaker, Application Auto Scaling and CloudWatch's alarms."""

from __future__ import annotations

import secrets
from typing import Any

from tests.emulators.resource import Aws, Inputs, Kind, Made, capitals, small


def _auto_name(inputs: Inputs) -> str:
    """Pulumi's plugin makes up a name where none is declared: a new resource then has its place beside the old one."""
    return str(inputs.get("name") or f"auto-{secrets.token_hex(4)}")


def _model(aws: Aws, inputs: Inputs) -> Made:
    name = _auto_name(inputs)
    made = aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=inputs["executionRoleArn"],
        PrimaryContainer=_container(inputs["primaryContainer"]),
        EnableNetworkIsolation=inputs["enableNetworkIsolation"],
        **({"VpcConfig": capitals(inputs["vpcConfig"])} if "vpcConfig" in inputs else {}),
    )
    return Made(name, made["ModelArn"])


def _container(inputs: Inputs) -> dict[str, Any]:
    files = [capitals(each) for each in inputs.get("modelDataSource", {}).get("s3DataSources", [])]
    source = {"ModelDataSource": {"S3DataSource": files[0]}} if files else {}
    return {"Image": inputs["image"], "Environment": inputs["environment"], **source}


def _read_model(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.sagemaker.describe_model(ModelName=made.id)
    container = {key: found["PrimaryContainer"][key] for key in _container(inputs["primaryContainer"])}
    assert container == _container(inputs["primaryContainer"]), container
    return {"executionRoleArn": found["ExecutionRoleArn"], **({"vpcConfig": small(found["VpcConfig"])} if "vpcConfig" in inputs else {})}


def _configuration(aws: Aws, inputs: Inputs) -> Made:
    name = _auto_name(inputs)
    output = inputs.get("asyncInferenceConfig", {}).get("outputConfig", {})
    made = aws.sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=_variants(inputs),
        **({"AsyncInferenceConfig": {"OutputConfig": capitals(output)}} if output else {}),
        **({"KmsKeyId": inputs["kmsKeyArn"]} if "kmsKeyArn" in inputs else {}),
    )
    return Made(name, made["EndpointConfigArn"])


def _variants(inputs: Inputs) -> list[dict[str, Any]]:
    variants = []
    for variant in inputs["productionVariants"]:
        declared = capitals({key: value for key, value in variant.items() if key not in ("routingConfigs", "serverlessConfig")})
        if "routingConfigs" in variant:
            declared["RoutingConfig"] = capitals(variant["routingConfigs"][0])
        if serverless := variant.get("serverlessConfig"):
            declared["ServerlessConfig"] = {"MemorySizeInMB": serverless["memorySizeInMb"], "MaxConcurrency": serverless["maxConcurrency"]}
        variants.append(declared)
    return variants


def _read_configuration(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = aws.sagemaker.describe_endpoint_config(EndpointConfigName=made.id)
    assert found["ProductionVariants"] == _variants(inputs), found["ProductionVariants"]
    return {"kmsKeyArn": found["KmsKeyId"]} if "kmsKeyArn" in inputs else {}


def _endpoint(aws: Aws, inputs: Inputs) -> Made:
    made = aws.sagemaker.create_endpoint(
        EndpointName=inputs["name"], EndpointConfigName=inputs["endpointConfigName"], DeploymentConfig=_deployment(inputs)
    )
    return Made(inputs["name"], made["EndpointArn"])


def _deployment(inputs: Inputs) -> dict[str, Any]:
    deployment: dict[str, Any] = capitals(inputs["deploymentConfig"])
    return deployment


def _read_endpoint(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    found = aws.sagemaker.describe_endpoint(EndpointName=made.id)
    assert found["EndpointStatus"] == "InService", found["EndpointStatus"]
    return {"name": found["EndpointName"], "endpointConfigName": found["EndpointConfigName"]}


SCALED = ("serviceNamespace", "resourceId", "scalableDimension")


def _named(inputs: Inputs) -> dict[str, str]:
    found: dict[str, str] = capitals({key: inputs[key] for key in SCALED})
    return found


def _target(aws: Aws, inputs: Inputs) -> Made:
    aws.application_autoscaling.register_scalable_target(
        **_named(inputs), MinCapacity=inputs["minCapacity"], MaxCapacity=inputs["maxCapacity"]
    )
    return Made(inputs["resourceId"])


def _read_target(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    (found,) = aws.application_autoscaling.describe_scalable_targets(ServiceNamespace=inputs["serviceNamespace"], ResourceIds=[made.id])[
        "ScalableTargets"
    ]
    return {"minCapacity": found["MinCapacity"], "maxCapacity": found["MaxCapacity"], "scalableDimension": found["ScalableDimension"]}


def _policy(aws: Aws, inputs: Inputs) -> Made:
    tracking = capitals(inputs["targetTrackingScalingPolicyConfiguration"])
    made = aws.application_autoscaling.put_scaling_policy(
        **_named(inputs),
        PolicyName=inputs["name"],
        PolicyType=inputs["policyType"],
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    return Made(inputs["name"], made["PolicyARN"])


def _read_policy(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    # moto 5.2.5 does not filter by name.
    policies = aws.application_autoscaling.describe_scaling_policies(ServiceNamespace=inputs["serviceNamespace"])["ScalingPolicies"]
    (found,) = [policy for policy in policies if policy["PolicyName"] == made.id]
    return {"targetTrackingScalingPolicyConfiguration": small(found["TargetTrackingScalingPolicyConfiguration"])}


def _delete_policy(aws: Aws, inputs: Inputs, made: Made) -> None:
    aws.application_autoscaling.delete_scaling_policy(**_named(inputs), PolicyName=made.id)


def _alarm(aws: Aws, inputs: Inputs) -> Made:
    dimensions = [{"Name": name, "Value": value} for name, value in inputs["dimensions"].items()]
    others = capitals({key: value for key, value in inputs.items() if key not in ("name", "dimensions")})
    aws.cloudwatch.put_metric_alarm(AlarmName=inputs["name"], Dimensions=dimensions, **others)
    return Made(inputs["name"])


ALARM = ("metricName", "namespace", "threshold", "comparisonOperator", "period", "evaluationPeriods", "treatMissingData")


def _read_alarm(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (found,) = aws.cloudwatch.describe_alarms(AlarmNames=[made.id])["MetricAlarms"]
    return {key: value for key, value in small(found).items() if key in ALARM}


MANAGED = {
    "aws:appautoscaling/policy:Policy": Kind(_policy, _read_policy, _delete_policy),
    "aws:appautoscaling/target:Target": Kind(
        _target, _read_target, lambda aws, inputs, _: aws.application_autoscaling.deregister_scalable_target(**_named(inputs))
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind(
        _alarm, _read_alarm, lambda aws, _, made: aws.cloudwatch.delete_alarms(AlarmNames=[made.id])
    ),
    "aws:sagemaker/endpoint:Endpoint": Kind(
        _endpoint, _read_endpoint, lambda aws, _, made: aws.sagemaker.delete_endpoint(EndpointName=made.id)
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Kind(
        _configuration, _read_configuration, lambda aws, _, made: aws.sagemaker.delete_endpoint_config(EndpointConfigName=made.id)
    ),
    "aws:sagemaker/model:Model": Kind(_model, _read_model, lambda aws, _, made: aws.sagemaker.delete_model(ModelName=made.id)),
}
"""Kinds by type token."""
