// Package endpoint has the types of a connection to Venafi.
package endpoint

import (
	"errors"

	"github.com/Venafi/vcert/v5/pkg/certificate"
)

// ErrAbsent is what every use of Venafi ends with.
var ErrAbsent = errors.New("this build of cert-manager has no Venafi client")

type ConnectorType int

const (
	ConnectorTypeTPP ConnectorType = iota + 1
	ConnectorTypeCloud
	ConnectorTypeNGTS
)

type Connector interface {
	GetType() ConnectorType
	Ping() error
	ReadZoneConfiguration() (*ZoneConfiguration, error)
	RequestCertificate(*certificate.Request) (string, error)
	RetrieveCertificate(*certificate.Request) (*certificate.PEMCollection, error)
}

type Authentication struct {
	User, Password, AccessToken, APIKey     string
	ClientId, ClientSecret, Scope, TokenURL string
}

type ErrCertificatePending struct{}

func (ErrCertificatePending) Error() string { return ErrAbsent.Error() }

type ErrRetrieveCertificateTimeout struct{}

func (ErrRetrieveCertificateTimeout) Error() string { return ErrAbsent.Error() }

type ZoneConfiguration struct{}

func (*ZoneConfiguration) UpdateCertificateRequest(*certificate.Request) {}

func (*ZoneConfiguration) ValidateCertificateRequest(*certificate.Request) error { return ErrAbsent }

// Absent is a connector of any kind: it can be named as a type, and does nothing.
type Absent struct{}

func (*Absent) GetType() ConnectorType { return 0 }

func (*Absent) Ping() error { return ErrAbsent }

func (*Absent) ReadZoneConfiguration() (*ZoneConfiguration, error) { return nil, ErrAbsent }

func (*Absent) RequestCertificate(*certificate.Request) (string, error) { return "", ErrAbsent }

func (*Absent) RetrieveCertificate(*certificate.Request) (*certificate.PEMCollection, error) {
	return nil, ErrAbsent
}

func (*Absent) Authenticate(*Authentication) error { return ErrAbsent }
