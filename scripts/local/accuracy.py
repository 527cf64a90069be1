"""`python -m scripts.local.accuracy [OPTIONS]`: the running `local` stack's MNIST classifier on digits it never saw (`make accuracy`)."""

from __future__ import annotations

from scripts.local.client import address, become

if __name__ == "__main__":
    become(lambda found, _cluster, _workspace: ["-m", "scripts.mlops.test_mnist_inference", "--url", address("mnist", found)])
