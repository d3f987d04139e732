"""Where the compiled code of `sim.kernels` is kept: in the program's cache folder, or nowhere.

Left to itself numba writes beside the sources, or into a home, and stops where it can do neither.
"""

import hashlib
import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from xiancheng.calibration.cache import home

KEPT = 4  # folders of compiled code, one for each state of the sources; older ones are removed


@cache
def keep_compiled() -> Path | None:
    """Have numba keep the compiled kernel; called once, before the kernel is first used.

    Returns
    -------
    the folder; None where nothing can be kept, so that each process compiles for itself
    """
    from numba.core import config

    from xiancheng.sim import kernels

    source = Path(kernels.__file__).read_bytes()
    digest = hashlib.sha256(source + version("numba").encode()).hexdigest()[:16]
    folder = home() / "compiled" / digest
    functions = [each for each in vars(kernels).values() if hasattr(each, "enable_caching")]
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        for function in functions:
            function.enable_caching()
    except (OSError, RuntimeError, UnicodeError):  # read-only, or a path that cannot be encoded
        return None
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
    _remove_older(folder)
    return folder


def _remove_older(used: Path) -> None:
    """Remove all but the youngest folders of compiled code."""
    try:
        others = [each for each in used.parent.iterdir() if each != used]
        others.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    except OSError:
        return
    for each in others[KEPT - 1 :]:
        shutil.rmtree(each, ignore_errors=True)
