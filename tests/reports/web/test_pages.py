import base64
import hashlib
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from ragguard.reports.web import pages

TEMPLATE = """{% extends "web/base.html.j2" %}
{% from "web/parts.html.j2" import bullets, table %}
{% block title %}{{ name }}{% endblock %}
{% block main %}{{ bullets([name]) }}{{ table("About", ["what", "n"], [[(name, "small"), name]]) }}{% endblock %}
"""
HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(1)'>"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pages with the base in it, and a page and a script beside."""
    (tmp_path / "web").symlink_to(Path(pages.__file__).parent)
    (tmp_path / "page.html.j2").write_text(TEMPLATE)
    (tmp_path / "page.js").write_text('"use strict"; // <&>\n')
    monkeypatch.setattr(pages, "_ROOM", tmp_path)
    pages._environment.cache_clear()
    yield tmp_path
    pages._environment.cache_clear()


def test_whatever_is_put_into_a_page_stays_text(room: Path) -> None:
    page = pages.render("page.html.j2", name=HOSTILE)
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4
    assert "<script" not in page


def test_control_and_direction_characters_are_replaced(room: Path) -> None:
    page = pages.render("page.html.j2", name="\x1b[2J BLOCK\u202eETOMORP\ttab\n")
    assert "\ufffd[2J BLOCK\ufffdETOMORP\ttab\n" in page
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", page)


def test_a_page_may_run_its_own_script_and_no_other(room: Path) -> None:
    page = pages.render("page.html.j2", script="page.js", name="x")
    code = re.search("<script>(.*?)</script>", page, re.DOTALL)
    assert code is not None
    assert code[1] == '"use strict"; // <&>\n'
    digest = base64.b64encode(hashlib.sha256(code[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "script-src" not in pages.render("page.html.j2", name="x")


def test_what_a_template_uses_has_to_be_given(room: Path) -> None:
    with pytest.raises(UndefinedError, match="name"):
        pages.render("page.html.j2")
