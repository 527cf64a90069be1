"""Models on SageMaker: what is made of an entry, with which rights, in which order, and that nothing of them is in the cluster."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from bench import aws_models
from tests.graph.recording import Graph, record
from tests.graph.test_planted_mistakes import refused
from tests.managed import BUCKET, ECR, MODELS, custom, managed, recorded, source

DIGEST = f"{ECR}/server@sha256:{'c' * 64}"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return recorded()


def variants(graph: Graph, model: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graph.one(f"EndpointConfiguration/{model}").inputs["productionVariants"]
    return found


def allowed(graph: Graph, model: str, policy: str) -> dict[str, set[str]]:
    """Resource → actions."""
    rights: dict[str, set[str]] = {}
    for statement in json.loads(graph.one(f"RolePolicy/{model}-endpoint-{policy}").inputs["policy"])["Statement"]:
        for resource in statement["Resource"]:
            rights.setdefault(resource, set()).update(statement["Action"])
    return rights


def policies(graph: Graph, model: str) -> set[str]:
    return {policy.inputs["name"] for policy in graph.of_kind("RolePolicy") if policy.name.startswith(f"{model}-endpoint-")}


def test_nothing_of_them_is_in_the_cluster(graph: Graph) -> None:
    named = [resource for resource in graph if any(model in resource.name.split("-") for model in MODELS)]
    assert named
    assert not [resource.key for resource in named if not resource.type.startswith(("aws:", "inference-platform:aws:"))]


def test_users_find_the_endpoints_among_the_addresses(graph: Graph) -> None:
    runtime = "https://runtime.sagemaker.eu-central-1.amazonaws.com/endpoints/inference-test"
    assert graph.outputs["endpoints"] == {model: f"{runtime}-{model}/invocations" for model in MODELS}


def test_a_language_model_gets_its_arguments_as_variables_and_its_folder_from_s3(graph: Graph) -> None:
    model = graph.one("Model/chat-AllTraffic").inputs
    assert model["primaryContainer"] == {
        # SageMaker takes a tag or a digest.
        "image": DIGEST,
        "environment": {
            "SM_VLLM_MODEL": "/opt/ml/model",
            "SM_VLLM_SERVED_MODEL_NAME": "chat",
            "SM_VLLM_MAX_MODEL_LEN": "2048",
            "SM_VLLM_GPU_MEMORY_UTILIZATION": "0.9",
            "SM_VLLM_NO_ENABLE_PREFIX_CACHING": "",
        },
        # Without the slash at its end, chat/v10 would be read too.
        "modelDataSource": {"s3DataSources": [{"s3Uri": f"s3://{BUCKET}/chat/v1/", "s3DataType": "S3Prefix", "compressionType": "None"}]},
    }
    assert model["enableNetworkIsolation"] is True
    assert model["vpcConfig"]["subnets"] == [f"private-eu-central-1{zone}-id" for zone in "abc"]
    assert model["vpcConfig"]["securityGroupIds"] == ["chat-endpoint-id"]
    assert "name" not in model, "a fixed name would be taken when the next model is made beside it"


def test_a_server_of_one_file_gets_that_object(graph: Graph) -> None:
    (files,) = graph.one("Model/digits-AllTraffic").inputs["primaryContainer"]["modelDataSource"]["s3DataSources"]
    assert files == {"s3Uri": source("digits/a.pt"), "s3DataType": "S3Object", "compressionType": "None"}


def test_instances_have_a_gpu_image_or_an_encrypted_volume(graph: Graph) -> None:
    (chat,) = variants(graph, "chat")
    assert (chat["instanceType"], chat["initialInstanceCount"]) == ("ml.g6.xlarge", 2)
    assert chat["inferenceAmiVersion"] == "al2023-ami-sagemaker-inference-gpu-4-1"
    assert chat["containerStartupHealthCheckTimeoutInSeconds"] == 900
    assert "kmsKeyArn" not in graph.one("EndpointConfiguration/chat").inputs, "SageMaker refuses a key for a disk of the instance's own"
    assert [variant["instanceType"] for variant in variants(graph, "prices")] == ["ml.m5.large"] * 2
    assert graph.one("EndpointConfiguration/prices").inputs["kmsKeyArn"] == "arn:aws:kms:eu-central-1:111122223333:key/models-key"
    assert "inferenceAmiVersion" not in variants(graph, "prices")[0]


def test_versions_are_variants_with_their_weights_and_images(graph: Graph) -> None:
    found = variants(graph, "prices")
    assert [(variant["variantName"], variant["initialVariantWeight"], variant["modelName"]) for variant in found] == [
        ("v1", 90, "prices-v1-0123abc"),
        ("v2", 10, "prices-v2-0123abc"),
    ]
    images = [graph.one(f"Model/prices-{version}").inputs["primaryContainer"]["image"] for version in ("v1", "v2")]
    assert images == [DIGEST, f"{ECR}/server:1.5"]


def test_the_variant_of_one_version_keeps_its_name_whatever_the_version_is_called() -> None:
    """A deployment has a canary only between variants of one name."""
    promoted = custom(versions=[{"name": "v2", "source": source("prices/b"), "weight": 100}])
    (variant,) = variants(record(managed({"prices": promoted})), "prices")
    assert variant["variantName"] == "AllTraffic"


def deployment(graph: Graph, model: str) -> dict[str, Any]:
    found: dict[str, Any] = graph.one(f"Endpoint/{model}").inputs["deploymentConfig"]
    return found


def test_a_canary_is_watched_by_alarms_on_the_objective(graph: Graph) -> None:
    assert deployment(graph, "chat") == {
        "blueGreenUpdatePolicy": {
            "trafficRoutingConfiguration": {
                "type": "CANARY",
                "waitIntervalInSeconds": 300,
                "canarySize": {"type": "CAPACITY_PERCENT", "value": 10},
            },
            "terminationWaitInSeconds": 300,
            "maximumExecutionTimeoutInSeconds": 1800 + 900 + 600,
        },
        "autoRollbackConfiguration": {
            "alarms": [{"alarmName": f"inference-test-chat-AllTraffic-{subject}"} for subject in ("failures", "latency")]
        },
    }
    failures, latency = (graph.one(f"MetricAlarm/chat-AllTraffic-{subject}").inputs for subject in ("failures", "latency"))
    assert (failures["metricName"], failures["statistic"], failures["threshold"]) == ("Invocation5XXErrors", "Average", 0.005)
    assert (latency["metricName"], latency["extendedStatistic"], latency["threshold"]) == ("ModelLatency", "p95", 500_000)
    for alarm in (failures, latency):
        assert alarm["dimensions"] == {"EndpointName": "inference-test-chat", "VariantName": "AllTraffic"}
        assert alarm["treatMissingData"] == "notBreaching"
    assert graph.comes_after("Endpoint/chat", "MetricAlarm/chat-AllTraffic-latency")


@pytest.mark.parametrize(("model", "alarms"), [("prices", 4), ("digits", 2), ("forms", 2)])
def test_where_no_canary_is_possible_all_requests_move_at_once_and_alarms_watch(graph: Graph, model: str, alarms: int) -> None:
    found = deployment(graph, model)
    assert found["blueGreenUpdatePolicy"]["trafficRoutingConfiguration"] == {"type": "ALL_AT_ONCE", "waitIntervalInSeconds": 0}
    assert found["blueGreenUpdatePolicy"]["terminationWaitInSeconds"] == 300
    assert len(found["autoRollbackConfiguration"]["alarms"]) == alarms


def test_an_entry_chooses_its_canary() -> None:
    chosen = {**MODELS["chat"], "sagemaker": {"deployment": {"canaryPercent": 50, "waitSeconds": 900}}}
    policy = deployment(record(managed({"chat": chosen})), "chat")["blueGreenUpdatePolicy"]
    assert policy["trafficRoutingConfiguration"]["canarySize"]["value"] == 50
    assert policy["trafficRoutingConfiguration"]["waitIntervalInSeconds"] == policy["terminationWaitInSeconds"] == 900


def test_replicas_follow_requests_and_an_asynchronous_queue(graph: Graph) -> None:
    target = graph.one("Target/chat-AllTraffic").inputs
    assert (target["resourceId"], target["minCapacity"], target["maxCapacity"]) == ("endpoint/inference-test-chat/variant/AllTraffic", 2, 4)
    policy = graph.one("Policy/chat-AllTraffic").inputs["targetTrackingScalingPolicyConfiguration"]
    assert policy["targetValue"] == 16
    assert policy["predefinedMetricSpecification"] == {"predefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"}
    queue = graph.one("Policy/forms-AllTraffic").inputs["targetTrackingScalingPolicyConfiguration"]
    assert queue["targetValue"] == 3
    assert queue["customizedMetricSpecification"]["metricName"] == "ApproximateBacklogSizePerInstance"
    assert {target.name for target in graph.of_kind("Target")} == {"chat-AllTraffic", "prices-v1", "prices-v2", "forms-AllTraffic"}
    assert graph.comes_after("Target/chat-AllTraffic", "Endpoint/chat")


def test_serverless_has_neither_instances_nor_a_place_in_the_network(graph: Graph) -> None:
    (variant,) = variants(graph, "digits")
    assert variant["serverlessConfig"] == {"memorySizeInMb": 3072, "maxConcurrency": 8}
    assert "instanceType" not in variant
    model = graph.one("Model/digits-AllTraffic").inputs
    assert model["enableNetworkIsolation"] is False
    assert "vpcConfig" not in model
    assert "SecurityGroup/digits-endpoint" not in {resource.key for resource in graph}
    assert policies(graph, "digits") == {"image", "logs", "models"}


def test_an_endpoint_has_the_rights_to_its_own_files_and_no_more(graph: Graph) -> None:
    assert policies(graph, "chat") == {"image", "logs", "models", "network"}
    assert policies(graph, "forms") == {"image", "logs", "models", "network", "requests", "volumes"}
    bucket = f"arn:aws:s3:::{BUCKET}"
    keys = "arn:aws:kms:*:*:key/*"
    assert allowed(graph, "chat", "models") == {
        bucket: {"s3:ListBucket"},
        f"{bucket}/chat/v1/*": {"s3:GetObject"},
        keys: {"kms:Decrypt"},
    }
    assert set(allowed(graph, "digits", "models")) == {bucket, f"{bucket}/digits/a.pt", keys}
    listed = json.loads(graph.one("RolePolicy/chat-endpoint-models").inputs["policy"])["Statement"][0]
    assert listed["Condition"] == {"StringLike": {"s3:prefix": ["chat/v1/*"]}}
    assert allowed(graph, "chat", "image")["arn:aws:ecr:eu-central-1:111122223333:repository/server"] >= {"ecr:BatchGetImage"}
    assert set(allowed(graph, "chat", "logs")) == {
        "arn:aws:logs:eu-central-1:*:log-group:/aws/sagemaker/Endpoints/inference-test-chat:*",
        "*",
    }
    assert allowed(graph, "forms", "requests")["arn:aws:s3:::requests-of-a-team/out/*"] == {"s3:AbortMultipartUpload", "s3:PutObject"}


def test_only_sagemaker_takes_the_role_and_only_for_this_account(graph: Graph) -> None:
    (statement,) = json.loads(graph.one("Role/chat-endpoint").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}


def test_its_containers_are_reached_by_nobody_and_reach_https_only(graph: Graph) -> None:
    group = graph.one("SecurityGroup/chat-endpoint").inputs
    assert "ingress" not in group
    assert [(rule["protocol"], rule["fromPort"], rule["toPort"]) for rule in group["egress"]] == [("tcp", 443, 443)]


def test_logs_expire(graph: Graph) -> None:
    assert graph.one("LogGroup/chat").inputs == {"name": "/aws/sagemaker/Endpoints/inference-test-chat", "retentionInDays": 30}
    assert graph.comes_after("Endpoint/chat", "LogGroup/chat")


def test_weights_of_an_image_are_published_before_the_endpoint_reads_them() -> None:
    images = {"digits": {"weights": "registry.example/weights:1"}}
    graph = record(managed({"digits": MODELS["digits"]}, images=images))
    assert graph.comes_after("Model/digits-AllTraffic", graph.of_kind("Job")[0].key)


def test_the_guard_comes_after_the_endpoints(graph: Graph) -> None:
    assert graph.comes_after("RandomString/destroy-guard", "Endpoint/chat")


def on_sagemaker(graph: Graph) -> list[tuple[str, dict[str, Any]]]:
    services = ("aws:sagemaker/", "aws:appautoscaling/", "aws:cloudwatch/", "aws:iam/", "aws:ec2/securityGroup:")
    return [(resource.type, resource.inputs) for resource in graph if resource.type.startswith(services)]


def test_the_simulated_plugin_accepts_all_of_it(graph: Graph) -> None:
    found = on_sagemaker(graph)
    assert len(found) > 40
    assert not [problem for token, inputs in found for problem in refused(token, inputs)]


MISTAKES = [
    ("EndpointConfiguration/chat", ("productionVariants", 0, "instanceType"), "ml.g6.xlage"),
    ("EndpointConfiguration/chat", ("productionVariants", 0, "inferenceAmiVersion"), "al2023-gpu"),
    ("EndpointConfiguration/chat", ("productionVariants", 0, "routingConfigs", 0, "routingStrategy"), "LEAST"),
    ("EndpointConfiguration/chat", ("productionVariants", 0, "variantName"), "all_traffic"),
    ("EndpointConfiguration/digits", ("productionVariants", 0, "serverlessConfig", "memorySizeInMb"), 3000),
    ("EndpointConfiguration/digits", ("productionVariants", 0, "instanceType"), "ml.m5.large"),
    ("Model/chat-AllTraffic", ("primaryContainer", "image"), f"{ECR}/server:1.4@sha256:{'c' * 64}"),
    ("Model/chat-AllTraffic", ("primaryContainer", "modelDataSource", "s3DataSources", 0, "s3DataType"), "S3Folder"),
    ("Model/chat-AllTraffic", ("primaryContainer", "modelDataUrl"), "s3://models/chat.tar.gz"),
    ("Endpoint/chat", ("deploymentConfig", "blueGreenUpdatePolicy", "trafficRoutingConfiguration", "type"), "CANNARY"),
    ("Endpoint/chat", ("deploymentConfig", "blueGreenUpdatePolicy", "maximumExecutionTimeoutInSeconds"), 300),
    ("Endpoint/chat", ("name",), "inference_chat"),
    ("Target/chat-AllTraffic", ("minCapacity",), 9),
    ("Target/chat-AllTraffic", ("scalableDimension",), "sagemaker:variant:DesiredInstances"),
    ("Policy/chat-AllTraffic", ("policyType",), "TargetTracking"),
    ("MetricAlarm/chat-AllTraffic-latency", ("comparisonOperator",), "GreaterThan"),
]


@pytest.mark.parametrize(("key", "path", "wrong"), MISTAKES)
def test_the_simulated_plugin_refuses_what_aws_refuses(graph: Graph, key: str, path: tuple[Any, ...], wrong: object) -> None:
    if not aws_models.installed():
        pytest.skip("the service models come with `python -m bench build`")
    resource = graph.one(key)
    inputs = copy.deepcopy(resource.inputs)
    place: Any = inputs
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert len(refused(resource.type, inputs)) == 1
