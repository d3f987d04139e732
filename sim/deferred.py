"""Modules that are imported when they are first used: compilers and libraries that take long.

What starts a command, reads files or prints what is kept needs none of them.
"""

from importlib import import_module
from typing import Any


class Deferred:
    """Stands for a module; its first attribute that is read imports it.

    Attributes of the module are read anew each time, so that what a test puts in their place is
    seen. For use within functions: at the top of a module it would be imported at once.

    >>> Deferred("math").floor(2.5)
    2
    """

    def __init__(self, module: str) -> None:
        self._name = module
        self._module: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._module is None:
            self._module = import_module(self._name)
        return getattr(self._module, name)
