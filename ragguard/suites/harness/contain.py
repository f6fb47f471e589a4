"""Runs lm-eval without letting it change anything else: no bars, no log, no global seeds, and templates in a sandbox."""

import logging
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ragguard.systems.encoder import quiet

WITH_BARS = ("lm_eval.api.task", "lm_eval.api.model", "lm_eval.models.huggingface")


@dataclass
class Heard(logging.Handler):
    """What lm-eval's log said that a reader must know: how often a prompt was cut."""

    cut: int = 0

    def __post_init__(self) -> None:
        logging.Handler.__init__(self, logging.WARNING)

    __hash__ = logging.Handler.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        """Count the warnings that a prompt was too long."""
        self.cut += "runcat" in record.getMessage()


@contextmanager
def contained(advance: Callable[[int], None] = lambda _: None) -> Iterator[Heard]:
    """Keep lm-eval, and what loads its data, to itself; ``advance`` hears of every request that was answered."""
    import datasets
    from lm_eval import utils

    heard, bars = Heard(), datasets.utils.are_progress_bars_disabled()
    env = _sandbox(utils.env)
    modules = [sys.modules[name] for name in WITH_BARS if name in sys.modules]
    replaced = [(module, "tqdm", _bar(advance)) for module in modules]
    datasets.utils.disable_progress_bars()
    try:
        with quiet(), _logged(heard), _put_in([*replaced, (utils, "env", env)]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield heard
    finally:
        if not bars:
            datasets.utils.enable_progress_bars()


@contextmanager
def seeds_kept() -> Iterator[None]:
    """Put the global random generators back, which lm-eval's tasks may draw from or seed."""
    import torch

    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


@contextmanager
def _logged(heard: Heard) -> Iterator[None]:
    loggers = [(logging.getLogger(name), level) for name, level in (("lm_eval", logging.WARNING), ("datasets", logging.CRITICAL))]
    before = [(logger, logger.level, logger.propagate) for logger, _ in loggers]
    for logger, level in loggers:
        logger.setLevel(level)
        logger.propagate = False
        logger.addHandler(heard)
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.setLevel(level)
            logger.propagate = propagate
            logger.removeHandler(heard)


@contextmanager
def _put_in(replaced: Iterable[tuple[Any, str, Any]]) -> Iterator[None]:
    """lm-eval has no setting for these: its modules' own names are other things for a while."""
    before = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    for module, name, thing in replaced:
        setattr(module, name, thing)
    try:
        yield
    finally:
        for module, name, thing in before:
            setattr(module, name, thing)


def _sandbox(env: Any) -> Any:
    """The same environment of templates, as a sandbox; each template is compiled once, and not for every item."""
    from jinja2.sandbox import SandboxedEnvironment

    made = SandboxedEnvironment(loader=env.loader, undefined=env.undefined, keep_trailing_newline=env.keep_trailing_newline)
    made.filters.update(env.filters)
    vars(made)["from_string"] = cache(made.from_string)
    return made


def _bar(advance: Callable[[int], None]) -> type[Any]:
    """A stand-in for tqdm: draws nothing, and tells of what was done one by one."""

    class Bar:
        def __init__(self, iterable: Iterable[Any] = (), **_: Any) -> None:
            self._iterable = iterable

        def __iter__(self) -> Iterator[Any]:
            return iter(self._iterable)

        def update(self, n: int = 1) -> None:
            advance(n)

        def close(self) -> None:
            pass

    return Bar
