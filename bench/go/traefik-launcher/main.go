// Runs Traefik, and starts it afresh when the cluster comes to have Knative's Ingresses.
//
// Traefik's provider finds them by itself, but its client asks for a kind that is absent ever more rarely, up to once a
// minute. Until then there is nothing for it to serve, so a restart cuts nobody off.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

const (
	ingresses      = "/apis/networking.internal.knative.dev/v1alpha1/ingresses?limit=1"
	interval       = 2 * time.Second
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: traefik-launcher COMMAND [ARGUMENT...]")
	}
	client, err := apiClient()
	if err != nil {
		log.Fatal("traefik-launcher: ", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	appeared := make(chan struct{})
	go watch(client, appeared)
	for {
		err = run(ctx, appeared, os.Args[1:])
		if ctx.Err() != nil || !errors.Is(err, errAppeared) {
			break
		}
		log.Print("traefik-launcher: the cluster has Knative's Ingresses now; starting anew")
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(max(exit.ExitCode(), 1))
	}
	if err != nil {
		log.Fatal("traefik-launcher: ", err)
	}
}

var errAppeared = errors.New("ended to be started anew")

// run returns when the command has ended: by itself, or after a SIGTERM because the context is over or Ingresses appeared.
func run(ctx context.Context, appeared <-chan struct{}, argv []string) error {
	command := exec.Command(argv[0], argv[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		command.Process.Signal(syscall.SIGTERM)
		return <-ended
	case <-appeared:
		command.Process.Signal(syscall.SIGTERM)
		<-ended
		return errAppeared
	}
}

// watch says each time that the API serves Ingresses after it has said that it does not. Any other answer says nothing.
func watch(client *http.Client, appeared chan<- struct{}) {
	absent := false
	for ; ; time.Sleep(interval) {
		switch status(client) {
		case http.StatusNotFound:
			absent = true
		case http.StatusOK:
			if absent {
				appeared <- struct{}{}
			}
			absent = false
		}
	}
}

// status of the list of Ingresses, or 0 without an answer. The token is read anew: the kubelet replaces it as it ages.
func status(client *http.Client) int {
	token, err := os.ReadFile(serviceAccount + "token")
	if err != nil {
		return 0
	}
	address := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	request, err := http.NewRequest(http.MethodGet, "https://"+address+ingresses, nil)
	if err != nil {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	answer, err := client.Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body) // so that the connection is used again
	return answer.StatusCode
}

func apiClient() (*http.Client, error) {
	authority, err := os.ReadFile(serviceAccount + "ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%sca.crt holds no certificate", serviceAccount)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	return &http.Client{Transport: transport, Timeout: interval}, nil
}
