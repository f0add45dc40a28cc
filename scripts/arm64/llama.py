"""llama.cpp cross-built for a Raspberry Pi, as scripts/build-llama builds it on one."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from arm64.boards import Board
from arm64.bounded import CACHE, PROJECT, StepError, kept, run

SCRIPTS = PROJECT / "scripts"
FLAGS = """-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH=$ORIGIN -DBUILD_SHARED_LIBS=ON -DGGML_NATIVE=OFF
    -DLLAMA_CURL=OFF -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF"""
PATCHES = (SCRIPTS / "llama-cpp-python.patch", SCRIPTS / "gemma4-prefill.patch")


def built_for(board: Board, python: Path) -> Path:
    """A folder with the package `llama_cpp`; building takes two to ten minutes on two cores. `python` has pip."""
    sdist = _source(python)
    flags = (*FLAGS.split(), f"-DGGML_CPU_ARM_ARCH={board.march}")

    def make(folder: Path) -> None:
        source = folder / "source"
        source.mkdir()
        run("tar", "-xzf", sdist, "-C", source, "--strip-components=1", within_s=120)
        for patch in PATCHES:
            run("patch", "--directory", source, "--strip=1", "--fuzz=0", "--quiet", "--input", patch, within_s=20)
        build = folder / "build"
        run("cmake", "-G", "Ninja", "-S", source / "vendor/llama.cpp", "-B", build, *flags, within_s=120)
        run("cmake", "--build", build, "--target", "llama", "--parallel", str(os.cpu_count()), within_s=1800)
        shutil.copytree(source / "llama_cpp", folder / "package/llama_cpp", ignore=shutil.ignore_patterns("lib"))
        shutil.copytree(build / "bin", folder / "package/llama_cpp/lib", symlinks=True)
        shutil.rmtree(source)
        shutil.rmtree(build)

    recipe = (flags, sdist.name, [patch.read_text() for patch in PATCHES])
    return kept(f"llama-{board.cpu}", recipe, make) / "package"


def _source(python: Path) -> Path:
    """The source package, which scripts/build-llama keeps too."""
    script = (SCRIPTS / "build-llama").read_text()
    version, sha256 = (re.search(rf"^{name}=(\S+)", script, re.MULTILINE)[1] for name in ("version", "sdist_sha256"))  # type: ignore[index]
    sdist = CACHE / "llama" / f"llama_cpp_python-{version}.tar.gz"
    if not sdist.exists():
        fetch = ("pip", "download", "--quiet", "--no-deps", "--no-binary=llama-cpp-python", f"--dest={sdist.parent}")
        run(python, "-m", *fetch, f"llama-cpp-python=={version}", within_s=600)
    with sdist.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise StepError(f"{sdist} has the wrong checksum: remove it and run this again")
    return sdist
