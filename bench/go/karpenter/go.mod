module inference-platform/bench/karpenter

go 1.26.0

tool sigs.k8s.io/karpenter/kwok

require sigs.k8s.io/karpenter v1.14.0
