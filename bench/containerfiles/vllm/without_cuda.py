"""Lets PyPI's torch run without NVIDIA's libraries, 2.7 GB that a machine without a GPU has no use for.

PyPI has torch for Linux with CUDA only, and its CPU half loads the other one. In the place of every library that was not
installed comes one small library with the functions that are asked for: the loader is content, and whoever calls one is told
that there is no device. Run once, after `pip install --no-deps torch`; needs gcc and readelf.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ON_DEMAND = ("libtorch_cuda_linalg.so", "libcaffe2_nvrtc.so")
"""Torch loads them itself, where there is a GPU."""

STAND_IN = "libwithout_cuda.so"
NO_DEVICE = 100
"""cudaErrorNoDevice (NVIDIA's CUDA Runtime API, "cudaError")."""

SYSTEM = Path("/lib/x86_64-linux-gnu")


def readelf(option: str, library: Path) -> list[list[str]]:
    answer = subprocess.run(["readelf", "--wide", option, str(library)], check=True, capture_output=True, text=True)
    return [line.split() for line in answer.stdout.splitlines()]


def needed(library: Path) -> set[str]:
    return {words[-1].strip("[]") for words in readelf("--dynamic", library) if "(NEEDED)" in words}


def symbols(library: Path) -> Iterator[tuple[str, str, bool]]:
    """Name, its version, and whether the library has it; what it can do without is left out."""
    for words in readelf("--dyn-syms", library):
        if len(words) >= 8 and words[0].rstrip(":").isdigit():  # number, value, size, type, binding, visibility, section, name
            binding, section, (name, _, version) = words[4], words[6], words[7].partition("@")
            if section != "UND" or binding != "WEAK":
                yield name, version.lstrip("@"), section != "UND"


def assembly(names: Mapping[str, str]) -> str:
    """All of them are one function."""
    labels = "\n".join(f".globl {name}\n.type {name}, @function\n{name}:" for name in names)
    return f'.text\n{labels}\nmovl ${NO_DEVICE}, %eax\nret\n.section .note.GNU-stack,"",@progbits\n'


def version_script(versions: Mapping[str, str]) -> str:
    """The loader refuses a library that has a symbol, but not the version of it that was asked for."""
    nodes = sorted(set(versions.values()) - {""})
    return "".join(f"{node} {{ global: {' '.join(f'{name};' for name, of in versions.items() if of == node)} }};\n" for node in nodes)


def main(folder: Path) -> None:
    for name in ON_DEMAND:
        (folder / name).unlink()
    libraries = sorted(folder.glob("*.so*"))
    wanted = set().union(*map(needed, libraries))
    present = {name: SYSTEM / name for name in wanted if (SYSTEM / name).exists()} | {each.name: each for each in libraries}
    found = [symbol for library in present.values() for symbol in symbols(library)]
    had = {name for name, _, has in found if has}
    versions = {name: version for name, version, has in sorted(found) if not has and name not in had}
    with TemporaryDirectory() as scratch:
        source, script = Path(scratch, "stand_in.s"), Path(scratch, "versions")
        source.write_text(assembly(versions))
        script.write_text(version_script(versions))
        options = ["-shared", "-nostdlib", f"-Wl,--version-script={script}", "-o", str(folder / STAND_IN)]
        subprocess.run(["gcc", *options, str(source)], check=True)
    gone = sorted(wanted - present.keys())
    for name in gone:
        (folder / name).symlink_to(STAND_IN)
    print(f"{len(versions)} functions stand in for {', '.join(gone)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
