// Package util has the one constant of Venafi's that cert-manager names.
package util

const IssuerHintAllIssuers = "ALL_ISSUERS"
