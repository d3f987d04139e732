"""A store that does not grow for ever: what was not used for longest is thrown away."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from xiancheng.results.keeping.keyed import Store

MOST = 5000  # runs that are kept, of about 0.1 MB each: half a gigabyte
LEFT = 0.9  # of them, once older ones are thrown away
ASIDE = 20  # runs that were torn or altered and are kept to be looked at
YOUNG = 3600.0  # seconds since a run was used, in which nobody throws it away


def used(store: Store, key: str) -> None:
    """Say of a run that it is used now, before it is read: then it is not thrown away."""
    with suppress(OSError):  # it is not there, or belongs to another user
        os.utime(store.path(key))


def bound(store: Store, most: int = MOST) -> None:
    """Throw away the runs that were not used for longest, if there are more than `most`.

    A run is thrown away under its claim, and only if nobody has used it since it was looked at:
    another process that asks for it meanwhile either finds it whole or computes it anew.
    """
    _forget_quarantined(store)
    keys, now = store.keys(), time.time()
    if len(keys) <= most:
        return
    ages = [(when, key) for key in keys if (when := _last_used(store, key)) < now - YOUNG]
    for when, key in sorted(ages)[: len(keys) - int(LEFT * most)]:
        with store.claimed(key) as mine:
            if mine and when == _last_used(store, key):
                _throw_away(store.path(key))


def _forget_quarantined(store: Store) -> None:
    """Remove what was set aside as torn or altered, but for the last few of it."""
    with suppress(OSError):
        aside = sorted((each.stat().st_mtime, each) for each in store.quarantined())
        for _, each in aside[:-ASIDE]:
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink()


def _last_used(store: Store, key: str) -> float:
    """When a run was used last [seconds since 1970]; never, if it is gone."""
    try:
        return store.path(key).stat().st_mtime
    except FileNotFoundError:  # another process threw it away
        return float("inf")


def _throw_away(folder: Path) -> None:
    """Remove a folder that is there as a whole until it is not there at all."""
    gone = folder.with_name(f".{folder.name}.part")  # as a draft: what is left of it is removed
    shutil.rmtree(gone, ignore_errors=True)
    with suppress(OSError):  # what cannot be removed stays
        folder.rename(gone)
        shutil.rmtree(gone)
