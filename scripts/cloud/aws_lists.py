"""`python -m scripts.cloud.aws_lists moto-<version>-py3-none-any.whl`: rewrites the lists of what AWS has from moto's wheel.

moto (PyPI, Apache-2.0) records what AWS's own API answers: instance types by `aws ec2 describe-instance-types`, policies by
`aws iam list-policies --scope AWS`. Its wheel comes by `pip download --no-deps moto`; it is never installed.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EC2_TYPES = ROOT / "components/aws/ec2-types.txt"
MANAGED_POLICIES = ROOT / "bench/plugins/aws/managed-policies.txt"

POLICIES_FILE = "moto/iam/aws_managed_policies.py"
TYPES_FILE = "moto/ec2/resources/instance_types.json.gz"


def rewrite(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        types = json.loads(gzip.decompress(archive.read(TYPES_FILE)))
        policies = _policies(archive.read(POLICIES_FILE).decode())
        made = {name: "{}-{:02}-{:02}".format(*archive.getinfo(name).date_time[:3]) for name in (POLICIES_FILE, TYPES_FILE)}
    version = "-".join(wheel.name.split("-")[:2])
    _write(
        EC2_TYPES,
        f"{version}, {made[TYPES_FILE]}: type, architecture, vCPUs, GiB of memory, traits",
        (_type(each) for each in types.values()),
    )
    _write(MANAGED_POLICIES, f"{version}, {made[POLICIES_FILE]}: path and name of each policy below arn:aws:iam::aws:policy", policies)


def _type(found: Mapping[str, Any]) -> str:
    architectures = found["ProcessorInfo"]["SupportedArchitectures"]
    architecture = "x86_64" if "x86_64" in architectures else architectures[0]
    traits = [
        *(["gpu"] if "GpuInfo" in found else []),
        *(["accelerator"] if {"InferenceAcceleratorInfo", "FpgaInfo", "MediaAcceleratorInfo", "NeuronInfo"} & found.keys() else []),
        *(["xen"] if found.get("Hypervisor") == "xen" else []),
    ]
    memory = f"{found['MemoryInfo']['SizeInMiB'] / 1024:g}"
    return " ".join([found["InstanceType"], architecture, str(found["VCpuInfo"]["DefaultVCpus"]), memory, *traits])


def _policies(source: str) -> Iterable[str]:
    (data,) = (node.value for node in ast.parse(source).body if isinstance(node, ast.Assign))
    policies = json.loads(ast.literal_eval(data))
    return (f"{policy['Path']}{name}" for name, policy in policies.items())


def _write(file: Path, source: str, lines: Iterable[str]) -> None:
    file.write_text("\n".join([f"# Source: {source}. Written by `python -m scripts.cloud.aws_lists`.", *sorted(lines), ""]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.cloud.aws_lists", description=__doc__)
    parser.add_argument("wheel", type=Path, metavar="WHEEL")
    rewrite(parser.parse_args().wheel)


if __name__ == "__main__":
    main()
