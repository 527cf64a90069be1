"""A real Kubernetes node and its tools, built from package registries alone. See bench/README.md."""
