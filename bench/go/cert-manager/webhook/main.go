// The webhook validates cert-manager's objects and fills in their defaults.
package main

import (
	"context"

	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/cert-manager/cert-manager/bench/command"
	config "github.com/cert-manager/cert-manager/internal/apis/config/webhook"
	"github.com/cert-manager/cert-manager/internal/apis/config/webhook/validation"
	"github.com/cert-manager/cert-manager/internal/webhook"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/webhook/configfile"
	"github.com/cert-manager/cert-manager/pkg/webhook/options"
)

func main() {
	defaults, err := options.NewWebhookConfiguration()
	if err != nil {
		panic(err)
	}
	command.Component[config.WebhookConfiguration]{
		Name:     "webhook",
		Config:   defaults,
		AddFlags: options.AddConfigFlags,
		Load: func(path string) (*config.WebhookConfiguration, error) {
			file := configfile.New()
			return file.Config, command.LoadFile(path, file)
		},
		Logging:  func(c *config.WebhookConfiguration) *logsapi.LoggingConfiguration { return &c.Logging },
		Gates:    func(c *config.WebhookConfiguration) map[string]bool { return c.FeatureGates },
		Validate: validation.ValidateWebhookConfiguration,
		Run:      run,
	}.Main()
}

func run(ctx context.Context, c *config.WebhookConfiguration) error {
	server, err := webhook.NewCertManagerWebhookServer(logf.FromContext(ctx), *c)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
