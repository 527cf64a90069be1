package command

import (
	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/internal/apis/config/shared"
)

// AddLeaderElectionFlags adds the flags that the chart passes to every component with a leader.
func AddLeaderElectionFlags(flags *pflag.FlagSet, c *shared.LeaderElectionConfig) {
	flags.BoolVar(&c.Enabled, "leader-elect", c.Enabled, "work only while holding a lease")
	flags.StringVar(&c.Namespace, "leader-election-namespace", c.Namespace, "namespace of the lease")
	flags.DurationVar(&c.LeaseDuration, "leader-election-lease-duration", c.LeaseDuration, "how long a lease holds without being renewed")
	flags.DurationVar(&c.RenewDeadline, "leader-election-renew-deadline", c.RenewDeadline, "how long the leader tries to renew before it gives up")
	flags.DurationVar(&c.RetryPeriod, "leader-election-retry-period", c.RetryPeriod, "pause between two attempts")
}
