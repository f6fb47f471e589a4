"""Finds what a plan names as ``package.module:name``: code of the user's own."""

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge, InputError, Problem, RagguardError, suggest


def source_of(name: str, base: Path) -> Path | None:
    """Return the file of the module that ``package.module:name`` names, None where it has none; it may lie in ``base``.

    Raises:
        InputError: there is no such module.
    """
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))
    module = name.partition(":")[0]
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise InputError(Problem("", f"there is no module {module!r}", "put it beside the file that names it, or install it"))
    return Path(spec.origin) if spec.origin and Path(spec.origin).is_file() else None


def load(name: str, arguments: dict[str, Any] | None = None) -> Any:
    """Import what ``package.module:name`` names; with arguments, it is a factory that is called with them.

    Raises:
        InputError: the module has no such name.
        CannotJudge: importing or making it failed.
    """
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = _attribute(found, part)
        return found(**arguments) if arguments else found
    except RagguardError:
        raise
    except Exception as error:  # the user's code may raise anything
        raise CannotJudge(f"{name}: importing it raised {type(error).__name__}: {error}") from error


def _attribute(found: Any, name: str) -> Any:
    if not hasattr(found, name):
        where = getattr(found, "__name__", type(found).__name__)
        raise InputError(Problem(where, f"it has no {name!r}", suggest(name, (n for n in dir(found) if not n.startswith("_")))))
    return getattr(found, name)
