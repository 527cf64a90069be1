// Package vcert stands where the Venafi client would be, whose module cannot be downloaded from the Go module proxy.
//
// cert-manager's list of controllers names Venafi's, so the package must compile; an issuer of that kind gets ErrAbsent
// as its condition. The types have the fields cert-manager sets and reads, and no behaviour.
package vcert

import (
	"net/http"

	"github.com/Venafi/vcert/v5/pkg/endpoint"
)

type Config struct {
	ConnectorType   endpoint.ConnectorType
	BaseUrl         string
	Zone            string
	LogVerbose      bool
	ConnectionTrust string
	Credentials     *endpoint.Authentication
	Client          *http.Client
}

// NewClient is the only way to get a connector, so that nothing else here is ever called.
func NewClient(*Config, ...any) (endpoint.Connector, error) { return nil, endpoint.ErrAbsent }
