import re
from xml.etree import ElementTree as ET

import pytest

from ragguard.reports.web import drawing

HOSTILE = '<script>alert(1)</script> #010101 $x^2$ font-family: y \x00 漢字 id="a"'


def picture(text: str = "here") -> str:
    figure = drawing.figure(300, 100)
    axes = drawing.axes(figure)
    axes.plot([0, 1], [0, 1], color=drawing.PASS)
    drawing.words(axes, 0.5, 0.5, text)
    return str(drawing.svg(figure, "one", f"title {text}", f"desc {text}"))


def test_a_picture_is_whole_and_named() -> None:
    root = ET.fromstring(picture().replace("xlink:href", "href"))
    assert root.attrib["viewBox"] == "0 0 300 100"
    assert "width" not in root.attrib
    ids = {each.attrib["id"] for each in root.iter() if "id" in each.attrib}
    assert all(name.startswith("one-") for name in ids)
    assert set(root.attrib["aria-labelledby"].split()) <= ids
    assert [each.text for each in root[:2]] == ["title here", "desc here"]


def test_its_colours_are_those_of_the_page() -> None:
    text = picture()
    assert "stroke: var(--pass)" in text
    assert "var(--ink)" in text
    assert not re.search(r"#0([1-9a-c])0\1", text)
    assert "font-family" not in text


def test_what_is_written_into_it_stays_text() -> None:
    root = ET.fromstring(picture(HOSTILE).replace("xlink:href", "href"))
    written = [each.text for each in root.iter() if each.tag.endswith("text")]
    assert HOSTILE.replace("\x00", "\ufffd") in written
    assert not [each for each in root.iter() if each.tag.endswith("script")]


def test_it_is_the_same_each_time() -> None:
    assert picture() == picture()


@pytest.mark.parametrize("colour", [drawing.INK, drawing.WARM])
def test_every_colour_has_a_variable_in_the_style_sheet(colour: str) -> None:
    from ragguard.reports.web import pages

    style = pages._text("web/base.css")
    assert all(f"{name.removeprefix('var(').removesuffix(')')}:" in style for name in drawing._STAND_INS.values())
    assert colour in drawing._STAND_INS
