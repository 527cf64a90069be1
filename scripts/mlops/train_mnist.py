#!/usr/bin/env python3
"""Trains the MNIST classifier on real digits and writes mnist_cnn_single_gpu.pt and its record; the image's target `weights` does the same.

Needs PyTorch and scikit-learn (images/mnist/requirements-torch.txt, requirements-training.txt).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

try:
    from images.mnist.training import main
except ImportError as error:
    sys.exit(f"error: {error}; run: pip install -r images/mnist/requirements-torch.txt -r images/mnist/requirements-training.txt")

if __name__ == "__main__":
    main()
