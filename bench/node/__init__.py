"""One Kubernetes node in its own namespaces and cgroups, so that it leaves nothing behind."""
