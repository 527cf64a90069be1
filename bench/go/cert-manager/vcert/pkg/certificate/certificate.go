// Package certificate has the types of a certificate request to Venafi.
package certificate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"time"
)

type (
	CSrOriginOption int
	ChainOption     int
	CustomFieldType int
)

const (
	UserProvidedCSR     CSrOriginOption = 1
	ChainOptionRootLast ChainOption     = 0
	CustomFieldPlain    CustomFieldType = 0
	CustomFieldOrigin   CustomFieldType = 1
)

type CustomField struct {
	Type        CustomFieldType
	Name, Value string
}

type Request struct {
	Subject                pkix.Name
	CsrOrigin              CSrOriginOption
	ChainOption            ChainOption
	CustomFields           []CustomField
	FriendlyName, PickupID string
	IssuerHint             string
	Timeout                time.Duration
	ValidityDuration       *time.Duration
}

func NewRequest(*x509.Certificate) *Request { return &Request{} }

func (*Request) SetCSR([]byte) error { return nil }

type PEMCollection struct {
	Certificate string
	Chain       []string
}
