"""The platform: load the stack's configuration, build what it says, export the addresses."""

import pulumi

from stacks import cloud, collector, config, models, observability, platform, safeguard, supply

collector.collect_rarely()
try:
    stack = config.load(pulumi.get_stack())
except config.ConfigError as error:
    pulumi.log.error(str(error))
    raise SystemExit(32) from None  # by this status Pulumi's Python host knows that the reason has been printed already
supply.check(stack)
cluster = cloud.build(stack)
foundation = platform.build(stack, cluster)
observed = observability.build(stack, foundation)
served = models.build(stack, cluster, foundation)
safeguard.build(stack, cluster, foundation, served, observed)
pulumi.export("cluster", cluster.outputs)
pulumi.export("endpoints", served.addresses)
