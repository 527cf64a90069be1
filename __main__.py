"""The platform: load the stack's configuration, build what it says, export the addresses."""

import sys

import pulumi

from stacks import cloud, config, platform, services, supply

EXPLAINED = 32  # the exit status by which Pulumi's Python host knows that the reason has been printed already

try:
    stack = config.load(pulumi.get_stack())
except config.ConfigError as error:
    pulumi.log.error(str(error))
    sys.exit(EXPLAINED)

supply.check(stack)
cluster = cloud.build(stack)
pulumi.export("cluster", cluster.outputs)
pulumi.export("endpoints", services.build(stack, platform.build(stack, cluster)))
