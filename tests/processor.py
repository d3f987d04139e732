"""Another processor, imitated: what numpy and BLAS compute where newer instructions are missing.

    python -m tests.processor -m pytest -m identity

runs Python with these arguments, without the instructions that this machine has beyond what numpy
needs, with the kernels of linear algebra for an old processor, and with an empty cache, so that
nothing is read that this machine computed before.
"""

import os
import platform
import subprocess
import sys
from tempfile import TemporaryDirectory

OLD = {"x86_64": "Prescott", "amd64": "Prescott", "aarch64": "ARMV8", "arm64": "ARMV8"}
LIBM = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"  # of glibc; elsewhere it does nothing


def beyond_baseline() -> list[str]:
    """Features of this processor that numpy makes use of and can do without."""
    from numpy._core import _multiarray_umath as core

    there = core.__cpu_features__
    return [name for name in core.__cpu_dispatch__ if there.get(name)]


def another(cache: str) -> dict[str, str]:
    """The environment of another processor, with a cache of its own."""
    changed = {"XIANCHENG_CACHE": cache, "GLIBC_TUNABLES": LIBM}
    if features := beyond_baseline():
        changed["NPY_DISABLE_CPU_FEATURES"] = " ".join(features)
    if kernels := OLD.get(platform.machine().lower()):
        changed["OPENBLAS_CORETYPE"] = kernels
    return os.environ | changed


def imitated() -> bool:
    """Whether this process already runs on the other processor."""
    return os.environ.get("GLIBC_TUNABLES") == LIBM


if __name__ == "__main__":
    with TemporaryDirectory(prefix="xiancheng-cache-") as folder:
        environment = another(folder)
        shown = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "GLIBC_TUNABLES")
        print(*(f"{name}={environment.get(name, '')!r}" for name in shown), flush=True)
        sys.exit(subprocess.call([sys.executable, *sys.argv[1:]], env=environment))
