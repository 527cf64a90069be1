"""Flow logs: a record of the network's connections, kept for a limited time."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudwatch, ec2

from components.aws.policy import FOR_OWN_ACCOUNT, OWN_ACCOUNT, allow, document, trust
from components.aws.role import Role, RoleArgs
from components.base import Args, Component


class FlowLogsArgs(Args):
    """`name`: the network's name."""

    name: str
    region: str
    vpc_id: pulumi.Output[str]
    retention_days: int


class FlowLogs(Component):
    """Owns the network's flow log, its log group and its role. Does not wait for the first record."""

    def __init__(
        self,
        name: str,
        args: FlowLogsArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        group_name = f"/aws/vpc/{args.name}/flow-logs"
        group = cloudwatch.LogGroup(name, name=group_name, retention_in_days=args.retention_days, opts=self.child())
        # logs:CreateLogGroup is missing on purpose: a group that the service creates would be kept for ever.
        actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        writing = allow(actions, [f"arn:aws:logs:{args.region}:*:log-group:{group_name}:*"], OWN_ACCOUNT)
        role = Role(
            f"{name}-writer",
            RoleArgs(
                name=f"{args.name}-{args.region}-flow-logs",
                trust=trust("vpc-flow-logs.amazonaws.com", when=FOR_OWN_ACCOUNT),
                inline={"write": document(writing)},
            ),
            pulumi.ResourceOptions(parent=self),
        )
        ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": args.name},
            opts=self.child([role]),
        )
        self.register_outputs({})
