"""The queue in which EC2 and AWS Health announce that an instance will go, minutes before it does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import cloudwatch, sqs
from pydantic import Field

from components.aws.policy import Statement, deny_plain_text, document
from components.base import Args, Component

EVENTS: Mapping[str, tuple[str, str]] = {
    "scheduled-change": ("aws.health", "AWS Health Event"),
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}
"""Name → source and detail type of the events that Karpenter reads (cloudformation.yaml@v1.14.1 of karpenter-provider-aws)."""

RETENTION_SECONDS = 300
"""Nobody needs an older announcement: the instance is gone by then."""


class InterruptionQueueArgs(Args):
    """`name`: of the queue; the rules' names begin with it."""

    name: str = Field(max_length=46)
    region: str


class InterruptionQueue(Component):
    """Owns an SQS queue and the EventBridge rules that fill it. Usable when all rules may send to it.

    The queue is encrypted and answers over TLS only. Only this account's own rules of that name may send.
    """

    name: str

    def __init__(
        self,
        name: str,
        args: InterruptionQueueArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        queue = sqs.Queue(
            name,
            name=args.name,
            message_retention_seconds=RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        policy = sqs.QueuePolicy(name, queue_url=queue.url, policy=document(*_statements(args)), opts=self.child())
        for event, (source, detail_type) in EVENTS.items():
            rule = cloudwatch.EventRule(
                f"{name}-{event}",
                name=f"{args.name}-{event}",
                event_pattern=json.dumps({"source": [source], "detail-type": [detail_type]}),
                opts=self.child(),
            )
            cloudwatch.EventTarget(f"{name}-{event}", rule=rule.name, target_id="queue", arn=queue.arn, opts=self.child([policy]))
        self.name = args.name
        self.register_outputs({"name": self.name})


def queue_arn(region: str, name: str) -> str:
    """ARN of a queue in any account; a condition must limit the account."""
    return f"arn:aws:sqs:{region}:*:{name}"


def _statements(args: InterruptionQueueArgs) -> list[Statement]:
    resource = queue_arn(args.region, args.name)
    rules = f"arn:aws:events:{args.region}:${{aws:ResourceAccount}}:rule/{args.name}-*"
    return [
        {
            "Sid": "OwnRules",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": resource,
            "Condition": {"ArnLike": {"aws:SourceArn": rules}},
        },
        deny_plain_text("sqs:*", resource),
    ]
