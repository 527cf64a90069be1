"""The AWS layer: network, EKS cluster, node pools, and the AWS resources that the cluster itself needs."""
