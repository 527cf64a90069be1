"""One Kubernetes node in namespaces and cgroups of its own, so that it can come and go without a trace."""
