// The cainjector copies CA bundles into the webhook configurations, CRDs and API services that ask for one.
package main

import (
	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/cert-manager/cert-manager/bench/command"
	config "github.com/cert-manager/cert-manager/internal/apis/config/cainjector"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/validation"
	_ "github.com/cert-manager/cert-manager/internal/cainjector/feature"
	"github.com/cert-manager/cert-manager/pkg/apis/config/cainjector/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/cainjector/configfile"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

func main() {
	command.Component[config.CAInjectorConfiguration]{
		Name:     "cainjector",
		Config:   command.Defaults(scheme.NewSchemeAndCodecs, &v1alpha1.CAInjectorConfiguration{}, &config.CAInjectorConfiguration{}),
		AddFlags: addFlags,
		Load: func(path string) (*config.CAInjectorConfiguration, error) {
			file := configfile.New()
			return file.Config, command.LoadFile(path, file)
		},
		Logging:  func(c *config.CAInjectorConfiguration) *logsapi.LoggingConfiguration { return &c.Logging },
		Gates:    func(c *config.CAInjectorConfiguration) map[string]bool { return c.FeatureGates },
		Validate: validation.ValidateCAInjectorConfiguration,
		Run:      run,
	}.Main()
}

// The flags the chart can pass, under upstream's names; everything else comes from the configuration file.
func addFlags(flags *pflag.FlagSet, c *config.CAInjectorConfiguration) {
	logf.AddFlags(&c.Logging, flags)
	flags.Var(cliflag.NewMapStringBool(&c.FeatureGates), "feature-gates", "features to switch, as name=true or name=false")
	flags.StringVar(&c.KubeConfig, "kubeconfig", c.KubeConfig, "kubeconfig to use outside a cluster")
	flags.StringVar(&c.MetricsListenAddress, "metrics-listen-address", c.MetricsListenAddress, "where metrics are served; 0 for nowhere")
	command.AddLeaderElectionFlags(flags, &c.LeaderElectionConfig)
}
