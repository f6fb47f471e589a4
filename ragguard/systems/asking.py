"""Asks many things of one server, several at a time, and tells what is wrong with one question from what is wrong with all."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.plan.services import Service
from ragguard.systems.http import HttpError

_T = TypeVar("_T")
_R = TypeVar("_R")


def ask_all(ask: Callable[[_T], _R], items: Sequence[_T], service: Service) -> list[_R | HttpError]:
    """Ask everything, ``concurrency`` at a time; return what came of each, in order.

    Raises:
        InputError: the server refuses such requests, or all of them (more than one) in the same words.
        CannotJudge: there is no server.
    """
    stop = threading.Event()

    def attempt(item: _T) -> _R | HttpError | None:
        try:
            return None if stop.is_set() else ask(item)
        except HttpError as error:
            if error.kind == "refused":
                stop.set()
            return error

    with ThreadPoolExecutor(min(service.concurrency, max(len(items), 1))) as pool:
        try:
            found = list(pool.map(attempt, items))
        finally:
            stop.set()  # what was not begun is not, when the user interrupts
    errors = [each for each in found if isinstance(each, HttpError)]
    refused = [error for error in errors if error.kind == "refused"]
    if refused or (len(errors) == len(found) > 1 and len({(e.kind, str(e)) for e in errors}) == 1 and errors[0].kind == "unfit"):
        raise InputError(Problem("", str((refused or errors)[0]), "check the address, the key and the model's name"))
    if errors and len(errors) == len(found) and all(error.kind == "unreachable" for error in errors):
        raise CannotJudge(str(errors[0]))
    return [each for each in found if each is not None]
