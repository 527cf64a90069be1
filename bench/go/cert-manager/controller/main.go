// The controller issues certificates and keeps them valid.
package main

import (
	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/cert-manager/cert-manager/bench/command"
	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/validation"
	"github.com/cert-manager/cert-manager/pkg/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/controller/configfile"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

func main() {
	command.Component[config.ControllerConfiguration]{
		Name:     "controller",
		Config:   command.Defaults(scheme.NewSchemeAndCodecs, &v1alpha1.ControllerConfiguration{}, &config.ControllerConfiguration{}),
		AddFlags: addFlags,
		Load: func(path string) (*config.ControllerConfiguration, error) {
			file := configfile.New()
			return file.Config, command.LoadFile(path, file)
		},
		Logging:  func(c *config.ControllerConfiguration) *logsapi.LoggingConfiguration { return &c.Logging },
		Gates:    func(c *config.ControllerConfiguration) map[string]bool { return c.FeatureGates },
		Validate: validation.ValidateControllerConfiguration,
		Run:      run,
	}.Main()
}

// The flags the chart can pass, under upstream's names; everything else comes from the configuration file.
func addFlags(flags *pflag.FlagSet, c *config.ControllerConfiguration) {
	logf.AddFlags(&c.Logging, flags)
	flags.Var(cliflag.NewMapStringBool(&c.FeatureGates), "feature-gates", "features to switch, as name=true or name=false")
	flags.StringVar(&c.KubeConfig, "kubeconfig", c.KubeConfig, "kubeconfig to use outside a cluster")
	flags.StringVar(&c.ClusterResourceNamespace, "cluster-resource-namespace", c.ClusterResourceNamespace, "namespace of a ClusterIssuer's Secrets")
	flags.StringSliceVar(&c.Controllers, "controllers", c.Controllers, "controllers to run; * is the default ones, -name leaves one out")
	flags.IntVar(&c.MaxConcurrentChallenges, "max-concurrent-challenges", c.MaxConcurrentChallenges, "challenges under way at once")
	flags.BoolVar(&c.EnableCertificateOwnerRef, "enable-certificate-owner-ref", c.EnableCertificateOwnerRef, "delete a Secret with its Certificate")
	flags.BoolVar(&c.GatewayAPIConfig.Enabled, "enable-gateway-api", c.GatewayAPIConfig.Enabled, "make certificates for Gateways")
	command.AddLeaderElectionFlags(flags, &c.LeaderElectionConfig.LeaderElectionConfig)
	addIssuerFlags(flags, c)
}

func addIssuerFlags(flags *pflag.FlagSet, c *config.ControllerConfiguration) {
	shim, http, dns := &c.IngressShimConfig, &c.ACMEHTTP01Config, &c.ACMEDNS01Config
	flags.StringVar(&shim.DefaultIssuerName, "default-issuer-name", shim.DefaultIssuerName, "issuer of an Ingress that names none")
	flags.StringVar(&shim.DefaultIssuerKind, "default-issuer-kind", shim.DefaultIssuerKind, "its kind")
	flags.StringVar(&shim.DefaultIssuerGroup, "default-issuer-group", shim.DefaultIssuerGroup, "its API group")
	flags.StringVar(&http.SolverImage, "acme-http01-solver-image", http.SolverImage, "image that answers HTTP-01 challenges")
	flags.StringVar(&http.SolverRuntimeClassName, "acme-http01-solver-runtime-class-name", http.SolverRuntimeClassName, "its RuntimeClass")
	flags.Var(cliflag.NewMapStringString(&http.SolverExtraLabels), "acme-http01-solver-extra-labels", "labels of its pods, as key=value")
	flags.StringSliceVar(&dns.RecursiveNameservers, "dns01-recursive-nameservers", dns.RecursiveNameservers, "servers that DNS-01 checks ask, as host:port")
	flags.BoolVar(&dns.RecursiveNameserversOnly, "dns01-recursive-nameservers-only", dns.RecursiveNameserversOnly, "ask no others")
}
