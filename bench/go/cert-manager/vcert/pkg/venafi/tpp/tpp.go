// Package tpp has the types of a connection of this kind.
package tpp

import (
	"github.com/Venafi/vcert/v5/pkg/certificate"
	"github.com/Venafi/vcert/v5/pkg/endpoint"
)

type Connector struct{ endpoint.Absent }

type RefreshToken struct{ Access_token string }

type AccessToken struct{}

func (*Connector) VerifyAccessToken(*endpoint.Authentication) (AccessToken, error) {
	return AccessToken{}, endpoint.ErrAbsent
}

func (*Connector) GetRefreshToken(*endpoint.Authentication) (RefreshToken, error) {
	return RefreshToken{}, endpoint.ErrAbsent
}

func (*Connector) ResetCertificate(*certificate.Request, bool) error { return endpoint.ErrAbsent }

type ErrCertNotFound struct{}

func (*ErrCertNotFound) Error() string { return endpoint.ErrAbsent.Error() }
