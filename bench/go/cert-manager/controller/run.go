package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/healthz"

	// These register themselves; the rest comes with the configuration's list of controllers.
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/venafi"
)

const (
	leaderLease     = "cert-manager-controller"
	shutdownTimeout = 5 * time.Second
)

// run serves metrics and health at once, and starts the controllers when this process leads.
func run(ctx context.Context, c *config.ControllerConfiguration) error {
	options, err := contextOptions(c)
	if err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	base, err := factory.Build()
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	if err := serveMetrics(ctx, group, base, c.MetricsListenAddress); err != nil {
		return err
	}
	health := healthz.NewServer(c.LeaderElectionConfig.HealthzTimeout)
	listener, err := net.Listen("tcp", c.HealthzListenAddress)
	if err != nil {
		return fmt.Errorf("serving health: %w", err)
	}
	group.Go(func() error { return health.Start(ctx, listener) })

	leading := make(chan struct{})
	if c.LeaderElectionConfig.Enabled {
		group.Go(func() error { return lead(ctx, c, factory, health.LeaderHealthzAdaptor, func() { close(leading) }) })
	} else {
		close(leading)
	}
	select {
	case <-ctx.Done():
	case <-leading:
		group.Go(func() error { return work(ctx, group, c, factory, base) })
	}
	return group.Wait()
}

func serveMetrics(ctx context.Context, group *errgroup.Group, base *controller.Context, address string) error {
	informers := base.SharedInformerFactory
	base.Metrics.SetupACMECollector(informers.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(informers.Certmanager().V1().Certificates().Lister())
	base.Metrics.SetupIssuerCollector(informers.Certmanager().V1().Issuers().Lister())

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serving metrics: %w", err)
	}
	server := base.Metrics.NewServer(listener)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		return server.Shutdown(ending)
	})
	return nil
}

// lead holds the lease until the context ends; losing it is an error, because another process leads from then on.
func lead(
	ctx context.Context, c *config.ControllerConfiguration, factory *controller.ContextFactory,
	watchdog *leaderelection.HealthzAdaptor, elected func(),
) error {
	base, err := factory.Build("leader-election")
	if err != nil {
		return err
	}
	identity, err := os.Hostname()
	if err != nil {
		return err
	}
	lease := c.LeaderElectionConfig
	lock, err := resourcelock.New(
		resourcelock.LeasesResourceLock, lease.Namespace, leaderLease, base.Client.CoreV1(), base.Client.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: identity, EventRecorder: base.Recorder},
	)
	if err != nil {
		return err
	}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   lease.LeaseDuration,
		RenewDeadline:   lease.RenewDeadline,
		RetryPeriod:     lease.RetryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        watchdog,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { elected() },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	if ctx.Err() == nil {
		return errors.New("the leader's lease was lost")
	}
	return nil
}

// work starts every enabled controller, then the informers they asked for.
func work(
	ctx context.Context, group *errgroup.Group, c *config.ControllerConfiguration, factory *controller.ContextFactory, base *controller.Context,
) error {
	enabled := enabledControllers(c)
	for name, construct := range controller.Known() {
		if !enabled.Has(name) {
			continue
		}
		built, err := construct(factory)
		if err != nil {
			return fmt.Errorf("starting controller %s: %w", name, err)
		}
		group.Go(func() error { return built.Run(c.NumberOfConcurrentWorkers, ctx) })
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	if gatewayAPI(c) {
		base.GWShared.Start(ctx.Done())
	}
	return nil
}
