"""The formats that a suite wants answers to have, read and checked, and put beside its cases."""

import json
import re
from dataclasses import replace
from pathlib import Path

from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.plan.models import FormatPlan
from ragguard.records.evidence import Format
from ragguard.suites.golden import Cases, Part


def give(suite: LoadedSuite, made: Cases) -> Cases:
    """Return the cases with the suite's formats.

    Raises:
        InputError: a pattern or a schema is none.
        MissingExtra: there is a schema, and no library to hold answers against it.
    """
    if not suite.plan.formats:
        return made
    found = {name: _read(suite, name, plan) for name, plan in suite.plan.formats.items()}
    cases = {case.id: replace(case, formats=found) for case in made.cases}
    elsewhere = tuple(Part(part.collection, tuple(cases[case.id] for case in part.cases)) for part in made.elsewhere)
    return replace(made, cases=tuple(cases.values()), elsewhere=elsewhere)


def _read(suite: LoadedSuite, name: str, plan: FormatPlan) -> Format:
    where = suite.source.where(("formats", name))
    if plan.schema_ is not None:
        return Format(schema=_schema((suite.folder / Path(plan.schema_)).resolve(), plan.schema_, where))
    try:
        re.compile(plan.regex or "")
    except re.error as error:
        raise InputError(Problem(where, f"{plan.regex!r} is no regular expression: {error}", "correct it")) from error
    return Format(regex=plan.regex or "")


def _schema(path: Path, shown: str, where: str) -> str:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
    except ImportError:
        raise MissingExtra("judge", f"{where}: a format by a JSON schema") from None
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text)
        Draft202012Validator.check_schema(found)
    except FileNotFoundError:
        raise InputError(Problem(where, f"there is no file {shown}", "paths start from the suite's folder")) from None
    except (ValueError, SchemaError) as error:
        raise InputError(Problem(where, f"{shown} is no JSON schema: {str(error).splitlines()[0]}", "correct it")) from error
    return text
