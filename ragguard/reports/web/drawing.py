"""Pictures for pages: drawn by matplotlib, put into the page as SVG, in colours that the page's style sheet sets.

So a picture follows light, dark and paper with the rest of the page. Draw with the colours of this module, which stand in for those of
``web/base.css`` (matplotlib knows no CSS variables), and write words with ``words``.
"""

import io
import re
import warnings
from html import escape
from typing import TYPE_CHECKING, Any

from ragguard.reports.words import clean

if TYPE_CHECKING:
    from markupsafe import Markup

_VARIABLES = ("ink", "soft", "line", "shade", "mark", "paper", "pass", "fail", "unsure", "error", "before", "warm")
_STAND_INS = {f"#0{number:x}0{number:x}0{number:x}": f"var(--{name})" for number, name in enumerate(_VARIABLES, 1)}
INK, SOFT, LINE, SHADE, MARK, PAPER, PASS, FAIL, UNSURE, ERROR, BEFORE, WARM = _STAND_INS

_COLOUR = re.compile("|".join(_STAND_INS))
_FAMILY = re.compile(r"font-family: [^;\"]*;? ?")
_LONG = re.compile(r"(\d+\.\d)\d+")
_REFERENCE = re.compile(r"(?:url\(#|href=\"#)([^)\"]+)")
_ID = re.compile(r' id="([^"]*)"')
_LEVEL = re.compile(r' transform="rotate\(-0 [^"]*"')
_UNWANTED = re.compile(r"<style.*?</style>|<metadata.*?</metadata>|<!--.*?-->", re.DOTALL)  # inline, a style would be the whole page's
DOTS = 72
"""Units of a picture to an inch of matplotlib's; a font size of 11 is 11 units high."""


def figure(width: float, height: float) -> Any:
    """Return a figure (``matplotlib.figure.Figure``) without a background, of so many units: pixels, where the page does not scale it."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS)
    made.patch.set_alpha(0)
    return made


def axes(made: Any, box: tuple[float, float, float, float] | None = None, size: float = 11) -> Any:
    """Return axes with a line at the left and below, in the page's colours; ``box`` is left, bottom, width, height as shares."""
    drawn = made.add_axes(box) if box is not None else made.add_subplot()
    drawn.patch.set_alpha(0)
    drawn.tick_params(colors=SOFT, labelcolor=SOFT, labelsize=size, length=3)
    for label in (drawn.xaxis.label, drawn.yaxis.label):
        label.set_color(SOFT)
        label.set_fontsize(size)
        label.set_parse_math(False)
    for name, spine in drawn.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(LINE)
    return drawn


def words(drawn: Any, x: float, y: float, text: str, **how: Any) -> Any:
    """Write a text into axes as it is, whoever wrote it: no formulas, no control characters. ``how`` is as for ``Axes.text``."""
    return drawn.text(x, y, clean(text), parse_math=False, **{"color": INK, "fontsize": 11, **how})


def sheet(made: Any, width: float, height: float) -> Any:
    """Return axes over a whole figure without any line, whose units are the figure's, from the upper left corner on."""
    drawn = made.add_axes((0, 0, 1, 1))
    drawn.set(xlim=(0, width), ylim=(height, 0))
    drawn.axis("off")
    return drawn


def bar(drawn: Any, left: float, right: float, top: float, height: float, **how: Any) -> None:
    """Draw a filled rectangle; ``how`` is as for matplotlib's patches."""
    from matplotlib.patches import Rectangle

    drawn.add_patch(Rectangle((left, top), right - left, height, linewidth=0, clip_on=False, **how))


def svg(made: Any, name: str, title: str, description: str = "") -> "Markup":
    """Return a figure as inline SVG: text as text, the same bytes each time, nothing fetched.

    ``name`` must be the page's only one, of letters, digits and hyphens; ``title`` is what a screen reader calls the picture, and
    ``description`` what it tells: the numbers themselves belong into a table beside it.
    """
    from markupsafe import Markup

    head, _, rest = _saved(made, name).partition("<svg")[2].partition(">")
    rest = re.sub(r">\s+<", "><", _UNWANTED.sub("", rest))
    used = set(_REFERENCE.findall(rest))
    rest = re.sub("<[^>]+>", lambda tag: _tag(tag[0], name, used), rest)  # what stands between tags is somebody's text
    box = re.search('viewBox="[^"]*"', head)
    told = f'<title id="{name}-title">{escape(clean(title))}</title>'
    labels = f"{name}-title"
    if description:
        told += f'<desc id="{name}-desc">{escape(clean(description))}</desc>'
        labels += f" {name}-desc"
    opened = f'<svg class="drawn" role="img" aria-labelledby="{labels}" {box[0] if box else ""}>'
    return Markup(f"{opened}{told}{rest.strip()}")


def _tag(tag: str, name: str, used: set[str]) -> str:
    tag = _ID.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", _LEVEL.sub("", tag))
    tag = tag.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    tag = _COLOUR.sub(lambda found: _STAND_INS[found[0]], tag)
    return re.sub(r"\s+", " ", _LONG.sub(r"\1", _FAMILY.sub("", tag)))


def _saved(made: Any, name: str) -> str:
    import matplotlib as mpl

    out = io.StringIO()
    options: Any = {"svg.fonttype": "none", "svg.hashsalt": f"ragguard {name}", "font.family": "sans-serif"}
    with mpl.rc_context(options), warnings.catch_warnings():
        # A browser has the letters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        made.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return out.getvalue()


def css(colour: str) -> str:
    """Return one of this module's colours as the page's style sheet has it: for what a template draws itself."""
    return _STAND_INS[colour]
