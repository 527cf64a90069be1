"""Managed endpoints on SageMaker: the network and environment of their models, their disks, and the way back from a bad version."""

from __future__ import annotations

from collections.abc import Iterator

from components.aws.ml_types import has_local_disk
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule
from policies.rules.secrets import secrets_in
from policies.settings import Settings

MODEL = "aws:sagemaker/model:Model"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/sagemaker-controls.html"


def _isolated(model: Resource, _settings: Settings) -> Iterator[str]:
    if model.get("enableNetworkIsolation", False) is not True:
        yield "enableNetworkIsolation is off: the model's code reaches the internet, with whatever it was asked"
    if "vpcConfig" not in model.props:
        yield "vpcConfig is missing: the model's files are read outside of the platform's network"


def _no_secret(model: Resource, _settings: Settings) -> Iterator[str]:
    path = "primaryContainer.environment"
    # A number, such as SM_VLLM_MAX_NUM_BATCHED_TOKENS, is no secret.
    texts = {name: value for name, value in model.get(path, {}).items() if not str(value).isdecimal()}
    for place in secrets_in(texts, path):
        yield f"{place} looks like a secret, and everybody who may describe the model reads it"


def _encrypted(configuration: Resource, _settings: Settings) -> Iterator[str]:
    for index, variant in enumerate(configuration.get("productionVariants", [])):
        kind = value_at(variant, "instanceType")
        # The key's ARN is known only once the key exists; a preview already knows that a key is named.
        if kind and not has_local_disk(kind) and "kmsKeyArn" not in configuration.props:
            yield f"productionVariants[{index}].instanceType {kind} has a volume, and kmsKeyArn names no key for it"


def _way_back(endpoint: Resource, _settings: Settings) -> Iterator[str]:
    if not endpoint.get("deploymentConfig.autoRollbackConfiguration.alarms", []):
        yield "deploymentConfig.autoRollbackConfiguration has no alarm: a bad version stays until a person notices"


RULES: tuple[Rule, ...] = (
    Rule(
        name="endpoint-model-isolated",
        title="In prod, a model on SageMaker has no network of its own",
        why="Weights and their code come from outside; without a network they can send nothing away.",
        fix="Use instances, since SageMaker isolates no serverless endpoint: leave sagemaker.serverless out.",
        severity="high",
        types=(MODEL,),
        check=_isolated,
        applies=lambda _model, settings: settings.isolated_models,
        reference=CONTROLS,
    ),
    Rule(
        name="endpoint-env-no-secret",
        title="No secret is in the environment of a model on SageMaker",
        why="DescribeModel shows the environment in clear, and so does the console.",
        fix="Let the image read the secret from AWS Secrets Manager, or serve the model in the cluster, with secretEnv.",
        severity="critical",
        types=(MODEL,),
        check=_no_secret,
    ),
    Rule(
        name="endpoint-volume-encrypted",
        title="Volumes of managed endpoints are encrypted with a key of the platform",
        why="They contain the model's files and what its server writes.",
        fix="SageMakerEndpoint passes the model store's key as kms_key_arn; keep it.",
        severity="high",
        types=(CONFIGURATION,),
        check=_encrypted,
        reference=CONTROLS,
    ),
    Rule(
        name="endpoint-rolls-back",
        title="Alarms bring a managed endpoint back from a bad version",
        why="Nobody watches each deployment, and the alarms know the model's objective.",
        fix="SageMakerEndpoint passes its alarms as auto_rollback_configuration; keep them.",
        severity="high",
        types=(ENDPOINT,),
        check=_way_back,
        reference="https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html",
    ),
)
