"""What a user may say to the plugin, on the command line or in pytest's ini file. Imports nothing of the house: every pytest loads it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

MARK = "ragguard"

MARKER = (
    "ragguard(cases, candidate=None, tags=(), slice=''): run the test once for each case of a suite of the plan, as `ragguard_case`; "
    "every item of a plan bears it too, so that -m 'not ragguard' leaves all of them out."
)

_PLACES = {
    "plan": "The plan whose checks are collected, and whose candidates ragguard_gate and ragguard_case are about.",
    "candidate": "Only this candidate of several.",
    "store": "Where results are kept; default: RAGGUARD_STORE, else .ragguard beside the plan.",
    "out": "Folder for report.json, report.junit.xml, report.md and report.html; default: reports/NAME beside the plan.",
}
"""Options with a value, which the ini file may have too."""

_REPORT = "Judge by this report (its folder, or its report.json), and run nothing."

_FLAGS = {
    "full": "All cases, whatever the suites' caps (per_query, targets) say.",
    "allow-code": "Let the plan run Python that it names: retrievers, perturbations.",
}

Inconclusive = Literal["fail", "skip"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user said. ``asked`` is the file that the command line wants collected, wherever it lies."""

    plan: Path | None
    candidate: str | None
    store: Path | None
    out: Path | None
    report: Path | None
    full: bool
    allow_code: bool
    inconclusive: Inconclusive
    asked: Path | None

    @property
    def collected(self) -> Path | None:
        """The file that items are collected from: the plan; where only a report is named, that."""
        return self.plan or self.report


KEY = pytest.StashKey[Settings]()
COLLECTED = pytest.StashKey[bool]()
"""Whether pytest came by the file that items are collected from."""

SHARED = pytest.StashKey[Path]()
"""The folder that xdist's workers share."""

DONE = pytest.StashKey[list[dict[str, Any]]]()
"""What the gate came to in this process."""


def add(parser: pytest.Parser) -> None:
    """Declare options and ini values."""
    group = parser.getgroup("ragguard", "ragguard: may a fine-tuned RAG component go out?")
    for name, about in _PLACES.items():
        group.addoption(f"--ragguard-{name}", metavar=name.upper(), default=None, help=about)
        parser.addini(f"ragguard_{name}", f"{about} (--ragguard-{name})", default="")
    group.addoption("--ragguard-report", metavar="FOLDER", default=None, help=_REPORT)
    for name, about in _FLAGS.items():
        group.addoption(f"--ragguard-{name}", action="store_true", default=False, help=about)
    about = "What a blocking check without enough evidence does, and a candidate on hold; default: fail."
    group.addoption("--ragguard-inconclusive", choices=("fail", "skip"), default=None, help=about)
    parser.addini("ragguard_inconclusive", f"{about} (--ragguard-inconclusive)", default="fail")


def read(config: pytest.Config) -> Settings:
    """Put command line and ini file together: paths of the first start from the working folder, of the second from the file's.

    Raises:
        pytest.UsageError: ``ragguard_inconclusive`` is neither fail nor skip.
    """
    inconclusive = config.getoption("--ragguard-inconclusive") or config.getini("ragguard_inconclusive")
    if inconclusive not in ("fail", "skip"):
        raise pytest.UsageError(f"ragguard_inconclusive is {inconclusive!r}; write fail or skip")
    plan, report = _place(config, "plan"), _report(config)
    asked = plan if config.getoption("--ragguard-plan") else report if plan is None else None
    return Settings(
        plan=plan,
        candidate=config.getoption("--ragguard-candidate") or config.getini("ragguard_candidate") or None,
        store=_place(config, "store"),
        out=_place(config, "out"),
        report=report,
        full=config.getoption("--ragguard-full"),
        allow_code=config.getoption("--ragguard-allow-code"),
        inconclusive=inconclusive,
        asked=asked,
    )


def _place(config: pytest.Config, name: str) -> Path | None:
    said = config.getoption(f"--ragguard-{name}")
    if said:
        return _from_here(config, said)
    written = config.getini(f"ragguard_{name}")
    start = config.inipath.parent if config.inipath is not None else config.rootpath
    return (start / Path(written).expanduser()).resolve() if written else None


def _report(config: pytest.Config) -> Path | None:
    said = config.getoption("--ragguard-report")
    place = _from_here(config, said) if said else None
    return place / "report.json" if place is not None and place.is_dir() else place


def _from_here(config: pytest.Config, said: str) -> Path:
    return (config.invocation_params.dir / Path(said).expanduser()).resolve()


def add_argument(config: pytest.Config, settings: Settings) -> None:
    """Have pytest collect the file that the command line asks for, unless an argument leads there already.

    Raises:
        pytest.UsageError: a file that the command line names is not there.
    """
    if config.getoption("--ragguard-plan") and settings.plan is not None:
        _refuse_missing(settings.plan, "plan", "check the path, or make a workspace with: ragguard init")
    if settings.report is not None:
        _refuse_missing(settings.report, "report", "make one with: ragguard gate")
    # Given a folder and a file below it, pytest 8 would collect the file alone.
    leading = {_from_here(config, argument.partition("::")[0]) for argument in config.args}
    if settings.asked is not None and leading.isdisjoint((settings.asked, *settings.asked.parents)):
        config.args.append(str(settings.asked))


def refuse_overlooked(config: pytest.Config) -> None:
    """Raise pytest.UsageError where the file that the command line asks for was not collected: a run without its checks is not green."""
    asked = config.stash[KEY].asked
    if asked is not None and not config.stash.get(COLLECTED, False):
        raise pytest.UsageError(
            f"{asked} was not collected, for pytest ignores it or its folder: give it as an argument, and no folder above"
        )


def _refuse_missing(path: Path, kind: str, fix: str) -> None:
    if not path.is_file():
        from ragguard.plan.source import display

        raise pytest.UsageError(f"{display(path)}: there is no such {kind}; {fix}")
