"""A real Kubernetes node, and the tools around it, from package registries alone. See bench/README.md."""
