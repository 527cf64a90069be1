"""Queues of SQS, and the rules of EventBridge that fill them."""

from __future__ import annotations

from tests.emulators.resource import Aws, Inputs, Kind, Made

ATTRIBUTES = {"messageRetentionSeconds": "MessageRetentionPeriod", "sqsManagedSseEnabled": "SqsManagedSseEnabled"}
"""Argument of the provider → attribute of a queue, which SQS keeps as text."""


def _queue(aws: Aws, inputs: Inputs) -> Made:
    attributes = {ours: str(inputs[name]).lower() for name, ours in ATTRIBUTES.items()}
    url = aws.sqs.create_queue(QueueName=inputs["name"], Attributes=attributes)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Made(url, arn, {"url": url})


def _read_queue(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    found = aws.sqs.get_queue_attributes(QueueUrl=made.id, AttributeNames=["All"])["Attributes"]
    return {"messageRetentionSeconds": int(found["MessageRetentionPeriod"]), "name": found["QueueArn"].rpartition(":")[2]}


def _policy(aws: Aws, inputs: Inputs) -> Made:
    aws.sqs.set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
    return Made(inputs["queueUrl"])


def _read_policy(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    return {"policy": aws.sqs.get_queue_attributes(QueueUrl=made.id, AttributeNames=["Policy"])["Attributes"]["Policy"]}


def _rule(aws: Aws, inputs: Inputs) -> Made:
    return Made(inputs["name"], aws.events.put_rule(Name=inputs["name"], EventPattern=inputs["eventPattern"])["RuleArn"])


def _read_rule(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    return {"eventPattern": aws.events.describe_rule(Name=made.id)["EventPattern"]}


def _target(aws: Aws, inputs: Inputs) -> Made:
    answer = aws.events.put_targets(Rule=inputs["rule"], Targets=[{"Id": inputs["targetId"], "Arn": inputs["arn"]}])
    assert not answer["FailedEntryCount"], answer
    return Made(inputs["targetId"])


def _read_target(aws: Aws, inputs: Inputs, _made: Made) -> Inputs:
    (found,) = aws.events.list_targets_by_rule(Rule=inputs["rule"])["Targets"]
    return {"targetId": found["Id"], "arn": found["Arn"]}


QUEUES = {
    "aws:cloudwatch/eventRule:EventRule": Kind(_rule, _read_rule, lambda aws, _, made: aws.events.delete_rule(Name=made.id)),
    "aws:cloudwatch/eventTarget:EventTarget": Kind(
        _target, _read_target, lambda aws, inputs, made: aws.events.remove_targets(Rule=inputs["rule"], Ids=[made.id])
    ),
    "aws:sqs/queue:Queue": Kind(_queue, _read_queue, lambda aws, _, made: aws.sqs.delete_queue(QueueUrl=made.id)),
    "aws:sqs/queuePolicy:QueuePolicy": Kind(
        _policy, _read_policy, lambda aws, _, made: aws.sqs.set_queue_attributes(QueueUrl=made.id, Attributes={"Policy": ""})
    ),
}
"""Kinds by type token."""
