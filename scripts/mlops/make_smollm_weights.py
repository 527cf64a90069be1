#!/usr/bin/env python3
"""Writes RANDOM weights of SmolLM-135M's shape with a tokenizer that works offline; the image's target `weights` does the same.

Needs numpy and tokenizers (images/smollm/requirements.txt).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

try:
    from images.smollm.making import main
except ImportError as error:
    sys.exit(f"error: {error}; run: pip install -r images/smollm/requirements.txt")

if __name__ == "__main__":
    main()
