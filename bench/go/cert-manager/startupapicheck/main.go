// The startupapicheck waits until cert-manager's webhook admits a Certificate; the chart runs it after an installation.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/cert-manager/cert-manager/bench/command"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util/cmapichecker"
)

const pollPeriod = 5 * time.Second

func main() { command.Main("startupapicheck", run) }

// run is upstream's only subcommand, whose words `check api` the chart passes before the flags.
func run(ctx context.Context) error {
	flags := pflag.NewFlagSet("startupapicheck check api", pflag.ContinueOnError)
	patience := flags.Duration("wait", time.Minute, "how long to wait for the API")
	verbose := flags.BoolP("verbose", "v", false, "log every attempt")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	checker, err := newChecker()
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, pollPeriod, *patience, true, func(ctx context.Context) (bool, error) {
		if last = checker.Check(ctx); last != nil && *verbose {
			logf.Log.Info("not ready yet", "reason", last.Error())
		}
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the API was not ready within %s: %w", *patience, errors.Join(last, err))
	}
	return nil
}

// newChecker checks in the namespace it runs in, or the kubeconfig's outside a cluster.
func newChecker() (cmapichecker.Interface, error) {
	client := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil)
	rest, err := client.ClientConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := client.Namespace()
	if err != nil {
		return nil, err
	}
	return cmapichecker.New(rest, namespace)
}
