"""Prompt templates: what they see, and what is wrong with them, said before a model is asked."""

from pathlib import Path

import pytest

from ragguard.errors import InputError
from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.records.collection import Document
from ragguard.systems.prompts import DEFAULT, Prompt

DOCUMENTS = [
    Document("keys-2", "At most 5.", "Keys", version="2.0", status="current", product="Vault", extra={"team": "core"}),
    Document("hooks", "72 hours.", "Webhooks"),
]


def prompt(text: str | None = None, base: Path = Path(), **more) -> Prompt:
    return Prompt(CausalPlan(type="causal-lm", model="x", prompt=text, **more), base)


def test_the_default_numbers_documents_and_asks_for_citations() -> None:
    text = prompt().render("How many keys?", DOCUMENTS)
    assert "like this: [1]" in text
    assert "Document [1] (version 2.0, current):\nKeys\nAt most 5.\n" in text
    assert "Document [2]:\nWebhooks\n72 hours.\n" in text
    assert text.endswith("Question: How many keys?\nAnswer:")
    assert "write: The documents do not say." in text


def test_a_template_of_the_users_own_sees_the_fields() -> None:
    text = "{% for d in documents %}{{ d.number }} {{ d.id }} {{ d.title }} {{ d.text }} {{ d.version }} {{ d.status }} {{ d.product }}"
    text += "{{ d.extra.get('team', '') }}|{% endfor %}{{ question }}"
    assert prompt(text).render("Q", DOCUMENTS) == "1 keys-2 Keys At most 5. 2.0 current Vaultcore|2 hooks Webhooks 72 hours.   |Q"


def test_a_template_in_a_file_beside_the_plan(tmp_path: Path) -> None:
    (tmp_path / "ask.j2").write_text("{{ documents | map(attribute='content') | join(' ') }} {{ question }}")
    made = prompt("ask.j2", tmp_path, document_text="{text}", system="Be short.")
    assert made.plain("Q", DOCUMENTS) == "Be short.\n\nAt most 5. 72 hours. Q"
    assert made.messages("Q", DOCUMENTS)[0] == {"role": "system", "content": "Be short."}
    assert made.identity["template"] != DEFAULT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ question }", "line 1 of the template is not Jinja"),
        ("{{ question }} {{ document }}", "'document' is undefined; did you mean 'documents'"),
        ("{% for d in documents %}{{ d.titel }}{% endfor %}{{ question }}", "did you mean 'title'"),
        ("{{ documents[0].text }}", "the prompt never shows question"),
        ("{{ question }}", "the prompt never shows documents"),
        ("{{ documents.__class__.__mro__ }} {{ question }}", "SecurityError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("nowhere.j2", "nowhere.j2: the prompt cannot be read"),
    ],
)
def test_what_is_wrong_with_a_template(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        prompt(text)


def test_braces_in_a_question_are_only_text() -> None:
    assert prompt("{{ documents[0].text if documents else '' }}{{ question }}").render("{{ 7 * 7 }}", []) == "{{ 7 * 7 }}"
