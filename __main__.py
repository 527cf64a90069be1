"""The platform: load the stack's configuration, build what it says, export the addresses."""

import sys

import pulumi

from stacks import cloud, config, models, observability, platform, supply

try:
    stack = config.load(pulumi.get_stack())
except config.ConfigError as error:
    pulumi.log.error(str(error))
    sys.exit(32)  # by this status Pulumi's Python host knows that the reason has been printed already

supply.check(stack)
cluster = cloud.build(stack)
foundation = platform.build(stack, cluster)
observability.build(stack, foundation)
pulumi.export("cluster", cluster.outputs)
pulumi.export("endpoints", models.build(stack, foundation))
