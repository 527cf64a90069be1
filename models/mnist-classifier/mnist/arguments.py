"""The command line: KServe's usual arguments, or `serve` alone, as SageMaker starts any image."""

import argparse
from collections.abc import Sequence
from pathlib import Path

KSERVE_DIR = Path("/mnt/models")
SAGEMAKER_DIR = Path("/opt/ml/model")


def read(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Read these arguments, or the process's own."""
    parser = argparse.ArgumentParser(description="MNIST predictor: KServe's V1 and V2 protocols over HTTP, and SageMaker's paths.")
    parser.add_argument("command", nargs="?", choices=["serve"], help=f"SageMaker's own argument: the weights are in {SAGEMAKER_DIR}")
    parser.add_argument("--model_name", default="mnist-classifier", help="name in the paths (default: %(default)s)")
    parser.add_argument("--model_dir", type=Path, help=f"folder with the weights (default: {KSERVE_DIR})")
    parser.add_argument("--http_port", type=int, default=8080, help="port (default: %(default)s)")
    parser.add_argument("--drain_seconds", type=float, default=5, help="seconds to go on answering after SIGTERM (default: %(default)s)")
    args = parser.parse_args(given)
    args.model_dir = args.model_dir or (SAGEMAKER_DIR if args.command else KSERVE_DIR)
    return args
