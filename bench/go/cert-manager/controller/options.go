package main

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/pkg/controller"
	gatewayshim "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/gateways"
	"github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
)

// gatewayAPI needs both switches: the feature is on by default, the integration is not.
func gatewayAPI(c *config.ControllerConfiguration) bool {
	return c.GatewayAPIConfig.Enabled && utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport)
}

// enabledControllers reads the names of --controllers: a star for the default ones, and a leading dash to leave one out.
func enabledControllers(c *config.ControllerConfiguration) sets.Set[string] {
	defaults := sets.New(v1alpha1.DefaultEnabledControllers...)
	if gatewayAPI(c) {
		defaults.Insert(gatewayshim.ControllerName)
	}
	enabled, left := sets.New[string](), sets.New[string]()
	for _, name := range c.Controllers {
		if out, found := strings.CutPrefix(name, "-"); found {
			left.Insert(out)
		} else if name == "*" {
			enabled = enabled.Union(defaults)
		} else {
			enabled.Insert(name)
		}
	}
	if enabled.Len() == 0 {
		enabled = defaults
	}
	if c.Namespace != "" {
		left.Insert(v1alpha1.ClusterScopedControllers...)
	}
	return enabled.Difference(left)
}

func contextOptions(c *config.ControllerConfiguration) (controller.ContextOptions, error) {
	acme, err := acmeOptions(c)
	return controller.ContextOptions{
		APIServerHost:      c.APIServerHost,
		Kubeconfig:         c.KubeConfig,
		KubernetesAPIQPS:   c.KubernetesAPIQPS,
		KubernetesAPIBurst: c.KubernetesAPIBurst,
		Namespace:          c.Namespace,
		ACMEOptions:        acme,
		SchedulerOptions:   controller.SchedulerOptions{MaxConcurrentChallenges: c.MaxConcurrentChallenges},
		IssuerOptions: controller.IssuerOptions{
			ClusterResourceNamespace:        c.ClusterResourceNamespace,
			ClusterIssuerAmbientCredentials: c.ClusterIssuerAmbientCredentials,
			IssuerAmbientCredentials:        c.IssuerAmbientCredentials,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerName:                 c.IngressShimConfig.DefaultIssuerName,
			DefaultIssuerKind:                 c.IngressShimConfig.DefaultIssuerKind,
			DefaultIssuerGroup:                c.IngressShimConfig.DefaultIssuerGroup,
			DefaultAutoCertificateAnnotations: c.IngressShimConfig.DefaultAutoCertificateAnnotations,
			ExtraCertificateAnnotations:       c.IngressShimConfig.ExtraCertificateAnnotations,
			GatewayAPIExtraProtocols:          sets.New(c.GatewayAPIConfig.ExtraProtocols...),
		},
		CertificateOptions: controller.CertificateOptions{
			EnableOwnerRef:                           c.EnableCertificateOwnerRef,
			CopiedAnnotationPrefixes:                 c.CopiedAnnotationPrefixes,
			CertificateRequestMinimumBackoffDuration: c.CertificateRequestMinimumBackoffDuration,
			CertificateRequestMaximumBackoffDuration: c.CertificateRequestMaximumBackoffDuration,
		},
		ConfigOptions: controller.ConfigOptions{
			EnableGatewayAPI:            c.GatewayAPIConfig.Enabled,
			EnableGatewayAPIListenerSet: c.GatewayAPIConfig.EnableListenerSet,
		},
	}, err
}

func acmeOptions(c *config.ControllerConfiguration) (controller.ACMEOptions, error) {
	http, dns := c.ACMEHTTP01Config, c.ACMEDNS01Config
	nameservers := dns.RecursiveNameservers
	if len(nameservers) == 0 {
		nameservers = util.RecursiveNameservers
	}
	options := controller.ACMEOptions{
		HTTP01SolverImage:            http.SolverImage,
		HTTP01SolverNameservers:      http.SolverNameservers,
		HTTP01SolverExtraLabels:      http.SolverExtraLabels,
		HTTP01SolverRuntimeClassName: http.SolverRuntimeClassName,
		ACMEHTTP01SolverRunAsNonRoot: http.SolverRunAsNonRoot,
		DNS01Nameservers:             nameservers,
		DNS01CheckRetryPeriod:        dns.CheckRetryPeriod,
		DNS01CheckAuthoritative:      !dns.RecursiveNameserversOnly,
	}
	for text, quantity := range map[string]*resource.Quantity{
		http.SolverResourceRequestCPU:    &options.HTTP01SolverResourceRequestCPU,
		http.SolverResourceRequestMemory: &options.HTTP01SolverResourceRequestMemory,
		http.SolverResourceLimitsCPU:     &options.HTTP01SolverResourceLimitsCPU,
		http.SolverResourceLimitsMemory:  &options.HTTP01SolverResourceLimitsMemory,
	} {
		parsed, err := resource.ParseQuantity(text)
		if err != nil {
			return options, err
		}
		*quantity = parsed
	}
	return options, nil
}
