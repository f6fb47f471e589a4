"""Prompts: Jinja templates over a question and numbered documents, filled in a sandbox."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.plan.generators import Prompted
from ragguard.plan.named import is_file_name
from ragguard.plan.source import display
from ragguard.records.collection import Document
from ragguard.systems.templates import names, render

if TYPE_CHECKING:
    from jinja2 import Environment, Template

DEFAULT = """\
Answer the question from the documents below, and from nothing else. After each statement write the number of the document that says it, \
in square brackets, like this: [1]. If the documents do not hold the answer, write: The documents do not say.

{% for document in documents %}
Document [{{ document.number }}]\
{% if document.version %} (version {{ document.version }}{% if document.status %}, {{ document.status }}{% endif %}){% endif %}:
{{ document.content }}

{% endfor %}
Question: {{ question }}
Answer:"""
"""What a language model is asked unless the plan says otherwise."""

FIELDS = ("number", "id", "content", "title", "text", "type", "family", "version", "status", "effective_from", "product", "source", "extra")
"""What a template knows of each of ``documents``; ``content`` is what ``document_text`` makes of it, ``number`` counts from 1."""

NAMES = ("question", "documents")
"""What a template sees."""

_PROBE = Document("probe-id", "probe-text", "probe-title", version="1.0", status="current", product="probe-product")


class Prompt:
    """A template and how documents are shown in it."""

    def __init__(self, plan: Prompted, base: Path) -> None:
        """Read and check it.

        Raises:
            InputError: no such file, a syntax error, a name that does not exist, or a template without the question or the documents.
        """
        names(plan.document_text)
        self._document_text, self._system = plan.document_text, plan.system or ""
        self.where, self.text = ("the default prompt", DEFAULT) if plan.prompt is None else read_template(plan.prompt, base, NAMES[0])
        self._check()

    @property
    def identity(self) -> Mapping[str, str]:
        """What a fingerprint must cover."""
        return {"template": self.text, "system": self._system, "document_text": self._document_text}

    def render(self, question: str, documents: Sequence[Document]) -> str:
        """Fill the template.

        Raises:
            InputError: the template fails on this question.
        """
        shown = [_shown(number, document, self._document_text) for number, document in enumerate(documents, 1)]
        template = self._template
        return str(self._attempt(lambda: template.render(question=question, documents=shown))).strip()

    def messages(self, question: str, documents: Sequence[Document]) -> list[dict[str, str]]:
        """Return it as a chat: the system message, if there is one, and the user's. Raises as ``render`` does."""
        system = [{"role": "system", "content": self._system}] if self._system else []
        return [*system, {"role": "user", "content": self.render(question, documents)}]

    def plain(self, question: str, documents: Sequence[Document]) -> str:
        """Return it as one text, the system message first. Raises as ``render`` does."""
        return "\n\n".join(filter(None, [self._system, self.render(question, documents)]))

    @cached_property
    def _template(self) -> "Template":
        template: Template = self._attempt(lambda: compiled(self.text, NAMES))
        return template

    def _attempt(self, do: Callable[[], Any]) -> Any:
        return attempt(self.where, do, (*NAMES, *FIELDS))

    def _check(self) -> None:
        whole = self.render("probe-question", [_PROBE, _PROBE])
        for name, probe in (("question", "probe-question"), ("documents", "probe-t")):
            if probe not in whole:
                what = f"the prompt never shows {name}, so the model would answer without"
                raise InputError(Problem(self.where, what, f"put {{{{ {name} }}}} where it belongs; a document has {', '.join(FIELDS)}"))


def attempt(where: str, do: Callable[[], Any], known: Sequence[str]) -> Any:
    """Compile or fill a template.

    Raises:
        InputError: what Jinja found wrong, with its line, or the near one of the ``known`` names.
        MissingExtra: Jinja is not installed.
    """
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "a prompt template") from error
    try:
        return do()
    except jinja2.TemplateSyntaxError as error:
        raise InputError(Problem(where, f"line {error.lineno} of the template is not Jinja: {error.message}")) from error
    except jinja2.UndefinedError as error:
        quoted = re.findall(r"'([^']*)'", str(error.message))
        raise InputError(Problem(where, f"the template: {error.message}", suggest(quoted[-1], known) if quoted else "")) from error
    except (jinja2.TemplateError, ArithmeticError, TypeError, ValueError) as error:
        raise InputError(Problem(where, f"the template fails: {type(error).__name__}: {error}")) from error


def compiled(text: str, known: Sequence[str]) -> "Template":
    """Compile a template for the sandbox, in which a name that is not among the known ones is an error. Raises what Jinja raises."""
    from jinja2 import UndefinedError

    environment, found = _environment(), names_in(text)
    if unknown := sorted(found - {*known, *environment.globals}):
        raise UndefinedError(f"{unknown[0]!r} is undefined")
    return environment.from_string(text)


def names_in(text: str) -> set[str]:
    """Return the names that a template does not define itself. Raises what Jinja raises."""
    from jinja2 import meta

    return set(meta.find_undeclared_variables(_environment().parse(text)))


def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def read_template(prompt: str, base: Path, name: str) -> tuple[str, str]:
    """Return where a template stands, and its text: the prompt itself, or the file that it names. ``name`` is one that a template knows.

    Raises:
        InputError: there is no such file.
    """
    if not is_file_name(prompt):
        return "prompt", prompt
    path = base / Path(prompt).expanduser()
    try:
        return display(path), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fix = f"a prompt is a template, with {{{{ {name} }}}} in it, or the file of one"
        raise InputError(Problem(display(path), f"the prompt cannot be read ({type(error).__name__})", fix)) from error


def _shown(number: int, document: Document, document_text: str) -> dict[str, Any]:
    own = {name: getattr(document, name) for name in FIELDS if name not in ("number", "content")}
    return {"number": number, "content": render(document_text, document), **own, "extra": dict(document.extra)}
