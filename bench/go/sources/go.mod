// Modules of which the bench takes files as they are: release manifests, CRDs and charts. Nothing is compiled, and
// only these modules are downloaded, not what they require: `go mod tidy` would empty this file.
module inference-platform/bench/sources

go 1.26.0

require (
	github.com/aws/karpenter-provider-aws v1.14.1
	github.com/envoyproxy/gateway v1.9.1
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.93.1
	// The two that knative.dev/serving requires: its release has their CRDs too.
	knative.dev/caching v0.0.0-20260120130310-f1fc03b7f5ee
	knative.dev/networking v0.0.0-20260120131110-a7cdca238a0d
	knative.dev/serving v0.48.1
	sigs.k8s.io/gateway-api v1.6.1
	sigs.k8s.io/karpenter v1.14.0
	sigs.k8s.io/kwok v0.8.0
)
