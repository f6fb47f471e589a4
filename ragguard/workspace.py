"""Makes a starter workspace, adds CI's files to one, and writes the schemas of what people edit."""

import json
import shutil
from pathlib import Path
from typing import Literal

from ragguard.data.events import wire
from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.plan.models import GatePlan, SuitePlan
from ragguard.reports import document
from ragguard.reports.drill import files as drills
from ragguard.reports.history import files as histories
from ragguard.reports.judge import files as calibrations
from ragguard.store import write_atomically

_PACKAGED = Path(__file__).parent / "share"
_CHECKOUT = Path(__file__).parent.parent

PARTS = {
    "examples/starter": ".",
    "suites": "suites",
    "golden/payments": "golden/payments",
    "golden/cards": "golden/cards",
    "golden/general": "golden/general",
    "golden/similarity": "golden/similarity",
}
"""Where the parts of a workspace lie in a checkout (in the wheel: below ``share``), and where they go."""

CI = Literal["github", "gitlab", "jenkins"]

_REQUIREMENTS = {"requirements-gate.txt": "requirements-gate.txt"}
CI_FILES: dict[CI, dict[str, str]] = {
    "github": {"gate.yml": ".github/workflows/ragguard-gate.yml", "nightly.yml": ".github/workflows/ragguard-nightly.yml"} | _REQUIREMENTS,
    "gitlab": {".gitlab-ci.yml": ".gitlab-ci.yml"} | _REQUIREMENTS,
    "jenkins": {"Jenkinsfile": "Jenkinsfile"} | _REQUIREMENTS,
}
"""What each CI is given: files of ``docs/ci`` (in the wheel: below ``share``), and where they go."""

LEFT_OUT = {"source", "canonical.yaml", "tasks", "skills.yaml", "__pycache__"}


def share(part: str) -> Path:
    """Where a shipped folder lies: in the wheel, or in the checkout that ragguard runs from."""
    packaged = _PACKAGED / part
    return packaged if packaged.is_dir() else _CHECKOUT / part


def make(folder: Path) -> list[str]:
    """Copy the starter workspace into an empty folder; return the files written.

    Raises:
        InputError: the folder has something in it.
        CannotJudge: it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(Problem(str(folder), "is not an empty folder", "name another: nothing that exists is overwritten"))
    try:
        for part, target in PARTS.items():
            shutil.copytree(share(part), folder / target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    except OSError as error:
        raise CannotJudge(f"{folder}: cannot be written: {error.strerror or error}") from error
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def add_ci(folder: Path, ci: CI) -> list[str]:
    """Copy the files that gate in CI into a workspace; return them.

    Raises:
        InputError: one of them is there already.
        CannotJudge: they cannot be written.
    """
    targets = CI_FILES[ci]
    there = [target for target in targets.values() if (folder / target).exists()]
    if there:
        fix = "move it away, or take over by hand what docs/ci has: nothing that exists is overwritten"
        raise InputError([Problem(str(folder / target), "is there already", fix) for target in there])
    try:
        for name, target in targets.items():
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(share("docs/ci") / name, folder / target)
    except OSError as error:
        raise CannotJudge(f"{folder}: cannot be written: {error.strerror or error}") from error
    return sorted(targets.values())


def write_schemas(out: Path) -> list[Path]:
    """Write the JSON schemas of plans, suites, events, reports, calibrations, drills and histories; return the files."""
    schemas = {"gate": GatePlan.model_json_schema(), "suite": SuitePlan.model_json_schema(), "report": document.schema()}
    schemas |= {"calibration": calibrations.schema(), "drill": drills.schema(), "history": histories.schema(), "event": wire.schema()}
    paths = []
    for name, schema in schemas.items():
        path = out / f"{name}.schema.json"
        write_atomically(path, (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode())
        paths.append(path)
    return paths
