"""The AWS layer: network, EKS cluster, node pools, and what of AWS the cluster itself needs."""
