"""Models in S3: the rights of each role, and that no key exists."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from components import versions
from components.artifacts import Mirror
from components.aws.model_bucket import ModelBucket, ModelBucketArgs
from components.job import TRY_A_NEW_POD
from components.model_access import Account
from components.platform.s3_store import PUBLISHER, S3Store, S3StoreArgs
from components.serving.model_publication import ModelPublication, ModelPublicationArgs
from components.serving.storage import pod_annotations, reader_account
from tests.graph.aws_outputs import made_on_aws
from tests.graph.recording import Graph, record_component

BUCKET = "arn:aws:s3:::models-of-acme"
OBJECTS = f"{BUCKET}/*"
KEYS = "arn:aws:kms:*:*:key/*"
KEY = made_on_aws("aws:kms/key:Key", "model-bucket-key")["arn"]
READER = Account(namespace="default", name="mnist-classifier")


def build(protect: bool = True) -> None:
    bucket = ModelBucket("model-bucket", ModelBucketArgs(name="models-of-acme", protect=protect))
    store = S3Store("model-store", S3StoreArgs(cluster="inference", mirror=Mirror()), bucket)
    access = store.grant_read(READER)
    published = ModelPublication("mnist-weights", ModelPublicationArgs(weights_image="registry.example/weights:1"), store)
    # Stands for the InferenceService, which makes its account in the same way and comes after the publication.
    reader_account(READER, access, published)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return record_component(build)


def statements(graph: Graph, policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(graph.one(policy).inputs["policy"])["Statement"]
    return found


def allowed(graph: Graph, role: str) -> dict[str, set[str]]:
    """Resource → actions."""
    rights: dict[str, set[str]] = {}
    for statement in statements(graph, f"RolePolicy/model-{role}-models"):
        assert statement["Effect"] == "Allow"
        for resource in statement["Resource"]:
            rights.setdefault(resource, set()).update(statement["Action"])
    return rights


def test_readers_can_only_read(graph: Graph) -> None:
    assert allowed(graph, "reader") == {BUCKET: {"s3:ListBucket"}, OBJECTS: {"s3:GetObject"}, KEYS: {"kms:Decrypt"}}


def test_publishers_can_add_and_read_back_but_not_delete(graph: Graph) -> None:
    assert allowed(graph, "publisher") == {OBJECTS: {"s3:GetObject", "s3:PutObject"}, KEYS: {"kms:Decrypt", "kms:GenerateDataKey"}}


@pytest.mark.parametrize("role", ["reader", "publisher"])
def test_keys_are_used_through_s3_alone_and_for_this_bucket_alone(graph: Graph, role: str) -> None:
    (use,) = [statement for statement in statements(graph, f"RolePolicy/model-{role}-models") if statement["Resource"] == [KEYS]]
    assert use["Condition"] == {
        "StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"},
        "StringLike": {"kms:ViaService": "s3.*.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": [BUCKET, OBJECTS]},
    }


@pytest.mark.parametrize("role", ["reader", "publisher"])
def test_only_pods_of_eks_take_the_roles(graph: Graph, role: str) -> None:
    found = graph.one(f"Role/model-{role}").inputs
    assert found["name"] == f"models-of-acme-{role}"
    (statement,) = json.loads(found["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_the_bucket_is_private_encrypted_and_keeps_its_history(graph: Graph) -> None:
    assert set(graph.one("BucketPublicAccessBlock/model-bucket").inputs.values()) == {True, "models-of-acme"}
    assert graph.one("BucketOwnershipControls/model-bucket").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (encryption,) = graph.one("BucketServerSideEncryptionConfiguration/model-bucket").inputs["rules"]
    assert encryption == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    }
    assert graph.one("Key/model-bucket-key").inputs["enableKeyRotation"] is True
    assert graph.one("BucketVersioning/model-bucket").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = graph.one("BucketLifecycleConfiguration/model-bucket").inputs["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert "days" not in rule["expiration"], "current objects never expire"


def test_the_bucket_refuses_plain_http_and_overwriting_whoever_asks(graph: Graph) -> None:
    tls, overwrite = statements(graph, "BucketPolicy/model-bucket")
    assert (tls["Effect"], tls["Principal"], tls["Action"], tls["Resource"]) == ("Deny", "*", "s3:*", [BUCKET, OBJECTS])
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (overwrite["Effect"], overwrite["Principal"], overwrite["Action"]) == ("Deny", "*", "s3:PutObject")
    assert overwrite["Resource"] == OBJECTS
    assert overwrite["Condition"] == {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}


@pytest.mark.parametrize("protect", [True, False])
def test_models_go_with_their_stack_only_where_nothing_is_protected(protect: bool) -> None:
    graph = record_component(lambda: build(protect))
    assert graph.one("Bucket/model-bucket").protect is graph.one("Key/model-bucket-key").protect is protect
    assert graph.one("Bucket/model-bucket").inputs["forceDestroy"] is not protect


def test_no_key_exists_anywhere(graph: Graph) -> None:
    assert not graph.of_kind("Secret", "RandomPassword", "AccessKey", "User")
    text = json.dumps([resource.inputs for resource in graph if resource.custom])
    assert "AWS_SECRET_ACCESS_KEY" not in text
    assert "AWS_ACCESS_KEY_ID" not in text
    account = graph.one("ServiceAccount/mnist-classifier").inputs
    assert "secrets" not in account
    assert "annotations" not in account["metadata"], "eks.amazonaws.com/role-arn would be another kind of identity, and win"


def test_each_account_is_associated_with_its_own_role(graph: Graph) -> None:
    associations = {
        (each.inputs["namespace"], each.inputs["serviceAccount"]): (each.inputs["clusterName"], each.inputs["roleArn"])
        for each in graph.of_kind("PodIdentityAssociation")
    }
    assert associations == {
        (account.namespace, account.name): ("inference", made_on_aws("aws:iam/role:Role", role)["arn"])
        for account, role in ((READER, "model-reader"), (PUBLISHER, "model-publisher"))
    }


CHAINS = [
    ["BucketPolicy/model-bucket", "PodIdentityAssociation/model-store-model-publisher", "Job/mnist-weights"],
    ["RolePolicy/model-publisher-models", "PodIdentityAssociation/model-store-model-publisher"],
    ["RolePolicy/model-reader-models", "PodIdentityAssociation/default-mnist-classifier", "ServiceAccount/mnist-classifier"],
    ["BucketServerSideEncryptionConfiguration/model-bucket", "Job/mnist-weights"],
    ["BucketOwnershipControls/model-bucket", "BucketPublicAccessBlock/model-bucket", "BucketPolicy/model-bucket"],
    ["BucketVersioning/model-bucket", "BucketLifecycleConfiguration/model-bucket"],
    ["Namespace/model-store", "ServiceAccount/model-publisher", "Job/mnist-weights"],
]


@pytest.mark.parametrize(("earlier", "later"), [pair for chain in CHAINS for pair in pairwise(chain)])
def test_order(graph: Graph, earlier: str, later: str) -> None:
    assert graph.comes_after(later, earlier), f"{later} does not wait for {earlier}"


def test_a_publication_asks_for_pods_until_one_has_its_identity(graph: Graph) -> None:
    spec = graph.one("Job/mnist-weights").inputs["spec"]
    assert spec["backoffLimit"] == 3
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert rule == {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [TRY_A_NEW_POD]}}
    # Kubernetes waits 10, 20 and 40 s before the further pods.
    assert spec["activeDeadlineSeconds"] > 70
    pod = spec["template"]["spec"]
    assert pod["serviceAccountName"] == "model-publisher"
    assert graph.one("ServiceAccount/model-publisher").inputs["automountServiceAccountToken"] is False
    (program,) = pod["containers"]
    assert program["image"] == versions.KSERVE_STORAGE_INITIALIZER.reference
    assert {item["name"]: item["value"] for item in program["env"]} == {
        "BUCKET": "models-of-acme",
        "UPLOAD": "/upload",
    }


def test_a_publication_reaches_the_agent_names_and_https_only(graph: Graph) -> None:
    spec = graph.one("NetworkPolicy/model-store").inputs["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    names, agent, https = spec["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert agent == {"ports": [{"port": 80, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}]}
    assert [port["port"] for port in https["ports"]] == [443]


def test_only_the_initializer_of_a_models_pod_gets_the_identity() -> None:
    found: list[dict[str, str]] = []

    def granted() -> None:
        bucket = ModelBucket("model-bucket", ModelBucketArgs(name="models-of-acme"))
        store = S3Store("model-store", S3StoreArgs(cluster="inference", mirror=Mirror()), bucket)
        found.append(pod_annotations(store.grant_read(READER)))

    record_component(granted)
    assert found == [{"eks.amazonaws.com/skip-containers": "kserve-container,queue-proxy"}]


@pytest.mark.parametrize("name", ["ab", "Models", "-models", "models.of.acme", "m" * 55])
def test_a_name_that_bucket_or_roles_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        ModelBucketArgs(name=name)
