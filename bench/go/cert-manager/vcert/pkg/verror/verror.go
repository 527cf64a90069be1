// Package verror has the one error of Venafi's that cert-manager names.
package verror

import "errors"

var ServerUnavailableError = errors.New("server unavailable")
