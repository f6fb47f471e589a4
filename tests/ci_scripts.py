"""The shell of docs/ci: every script of every file; and GitHub's steps run as a runner would, without what comes from outside."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "ci"
GITHUB, GITLAB, JENKINS = ("gate.yml", "nightly.yml"), ".gitlab-ci.yml", "Jenkinsfile"

_JENKINS_SHELL = re.compile(r"'''\n(.*?)'''", re.DOTALL)
_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
_ENDS = re.compile(r"\s(?:\||2>&1|\|\||&&|\}|>)(?:\s|$)")


@dataclass(frozen=True)
class Script:
    """A piece of shell, and where it stands."""

    where: str
    text: str


def read(name: str) -> Any:
    """The YAML of a file."""
    return YAML(typ="safe").load((FOLDER / name).read_text(encoding="utf-8"))


def scripts() -> list[Script]:
    """All shell of all files."""
    return [*_github(), *_gitlab(), *_jenkins()]


def _github() -> Iterator[Script]:
    for file in GITHUB:
        for name, job in read(file)["jobs"].items():
            yield from (Script(f"{file}, {name}, {step['name']}", step["run"]) for step in job["steps"] if "run" in step)


def _gitlab() -> Iterator[Script]:
    for name, job in read(GITLAB).items():
        for part in ("before_script", "script"):
            if part in job:
                yield Script(f"{GITLAB}, {name}, {part}", "\n".join(job[part]))


def _jenkins() -> Iterator[Script]:
    text = (FOLDER / JENKINS).read_text(encoding="utf-8")
    yield from (Script(f"{JENKINS}, {number}", found) for number, found in enumerate(_JENKINS_SHELL.findall(text), 1))


def commands(script: Script) -> list[list[str]]:
    """The words behind ``ragguard`` in every command of a script, variables in place."""
    lines = re.findall(r"^\s*(?:\{ )?ragguard (.*)", script.text, re.MULTILINE)
    return [shlex.split(_ENDS.split(line)[0]) for line in lines]


@dataclass
class Run:
    """What a job did: the exit code of the first step that failed (0: none did), what its steps printed, and the step summary."""

    code: int = 0
    output: str = ""
    summary: str = ""


def run_job(file: str, job: str, folder: Path, environment: Mapping[str, str], **values: str) -> Run:
    """Run the shell steps of a job of a GitHub workflow in a folder, as a runner does; not ``Install``, which needs a registry.

    ``values`` are those of expressions, with ``__`` for dots (``secrets__NAME``); what a step gives out is known to those after it.
    """
    workflow = read(file)
    spec, known = workflow["jobs"][job], {name.replace("__", "."): value for name, value in values.items()}
    known["github.workspace"] = str(folder)
    done = Run()
    for step in spec["steps"]:
        if "run" in step and step["name"] != "Install" and _runs(step.get("if"), known, done):
            said = {**workflow["env"], **spec.get("env", {}), **step.get("env", {})}
            filled = {name: _EXPRESSION.sub(lambda found: known.get(found[1], ""), str(value)) for name, value in said.items()}
            _step(step, folder, {**environment, **filled, **{n: v for n, v in environment.items() if n in workflow["env"]}}, known, done)
    return done


def _runs(condition: str | None, known: Mapping[str, str], done: Run) -> bool:
    if condition is None:
        return done.code == 0
    parts = [part.strip() for part in _EXPRESSION.fullmatch(condition)[1].split("&&")]
    return all(part in ("!cancelled()", "always()") or bool(known.get(part)) for part in parts)


def _step(step: Mapping[str, Any], folder: Path, environment: Mapping[str, str], known: dict[str, str], done: Run) -> None:
    gives, summary = (folder.parent / f"{folder.name}-{name}" for name in ("output", "summary"))
    gives.write_text("")
    summary.touch()
    call = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    told = {**environment, "GITHUB_OUTPUT": str(gives), "GITHUB_STEP_SUMMARY": str(summary)}
    ran = subprocess.run(call, cwd=folder, env=told, capture_output=True, text=True, check=False)
    done.output += ran.stdout + ran.stderr
    done.summary = summary.read_text(encoding="utf-8")
    done.code = done.code or ran.returncode
    for line in gives.read_text().splitlines():
        name, _, value = line.partition("=")
        known[f"steps.{step['id']}.outputs.{name}"] = value


def programs(folder: Path) -> dict[str, str]:
    """An environment whose ``ragguard`` and ``python3`` are those of the tests, and in which no plugin is loaded but those named."""
    folder.mkdir()
    for name, call in (("ragguard", "-m ragguard.cli"), ("python3", ""), ("python", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {call} "$@"\n')
        (folder / name).chmod(0o755)
    kept = {
        name: value for name, value in os.environ.items() if name not in ("RAGGUARD_STORE", "RAGGUARD_HISTORY", "FORCE_COLOR", "COLUMNS")
    }
    return {**kept, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(FOLDER.parent.parent)}
