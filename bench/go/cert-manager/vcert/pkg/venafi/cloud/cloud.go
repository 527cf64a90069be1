// Package cloud has the type of a connection of this kind.
package cloud

import "github.com/Venafi/vcert/v5/pkg/endpoint"

type Connector struct{ endpoint.Absent }
