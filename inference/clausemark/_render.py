"""Self-contained HTML pages: one file, no network, other people's text escaped.

A page is a Jinja template of `web/` (autoescaped, undefined names are errors) with its style and
script inline. A strict Content-Security-Policy stands in it: nothing is loaded, and only the very
style and script that were written here run, known by their hashes (W3C, CSP Level 3). Style
attributes and event handlers in the markup are therefore dead; widths and hues are SVG attributes
or classes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["SHORT", "WEB", "Assets", "categories_css", "environment", "render", "shown"]

#: Where the package's templates, styles and scripts lie.
WEB: Final = Path(__file__).with_name("web")

#: Names for narrow places, by label id; a label that is not here goes by its own name.
SHORT: Final = {
    "first_party": "Collection",
    "third_party": "Sharing",
    "choice": "Choice",
    "access": "Access",
    "retention": "Retention",
    "security": "Security",
    "change": "Change",
    "do_not_track": "Do Not Track",
    "audiences": "Audiences",
    "introductory": "Introduction",
    "contact": "Contact",
    "not_covered": "Not covered",
}

#: Controls that a browser may obey, drop or stumble over: C0 but tab and line feed, DEL, C1, those
#: that reorder or hide text, and surrogates, which UTF-8 cannot hold.
_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def shown(text: str) -> str:
    """Return `text` with its controls as visible characters, so that none is obeyed.

    Tab and line feed stay; C0 controls become their pictures, others their code point in brackets.
    """
    return _CONTROLS.sub(lambda match: _picture(match[0]), text)


def _picture(control: str) -> str:
    if control < " ":
        return chr(0x2400 + ord(control))
    return "\u2421" if control == "\x7f" else f"[U+{ord(control):04X}]"


def categories_css(count: int) -> str:
    """Return a class for each of a scheme's categories, `cat-0` and on, that sets its `--hue`.

    Multiples of the golden angle keep any number of hues apart, neighbours most; colour is never
    the only sign of a category.
    """
    hues = (round((250 + 137.508 * k) % 360, 1) for k in range(count))
    return "\n".join(f".cat-{k} {{ --hue: {hue}; }}" for k, hue in enumerate(hues))


@dataclass(frozen=True, slots=True)
class Assets:
    """What a page brings along: files of `web/`, or of `folder`, which is searched first.

    `rules` is style of one page alone; `inline_styles` allows style attributes, for drawings by
    other programs.
    """

    css: tuple[str, ...] = ()
    js: tuple[str, ...] = ()
    rules: str = ""
    folder: Path | None = None
    inline_styles: bool = False

    def style(self) -> str:
        """Return the content of the page's style element."""
        files = (_asset(name, self.folder) for name in ("base.css", *self.css))
        return "\n".join([*files, self.rules])

    def script(self) -> str:
        """Return the content of the page's script element; empty if it has none."""
        return "\n".join(_asset(name, self.folder) for name in self.js)


def render(template: str, assets: Assets, /, **context: Any) -> str:
    """Return the page that `template` makes of `context` and `assets`."""
    from markupsafe import Markup

    style, script = assets.style(), assets.script()
    page: str = (
        environment(assets.folder)
        .get_template(template)
        .render(
            **context,
            style=Markup(style),  # noqa: S704  (our own file, not text from outside)
            script=Markup(script),  # noqa: S704
            security=_policy(style, script, inline_styles=assets.inline_styles),
        )
    )
    return page


@cache
def environment(folder: Path | None = None) -> Environment:
    """Return the Jinja environment over `folder` and `web/`; `shown` is a filter of it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    places = [WEB] if folder is None else [folder, WEB]
    made = Environment(
        loader=FileSystemLoader(places),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["shown"] = shown
    return made


def _asset(name: str, folder: Path | None) -> str:
    place = folder / name if folder is not None and (folder / name).is_file() else WEB / name
    text = place.read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} holds '</', which may end the element it is put into")
    return text


def _policy(style: str, script: str, *, inline_styles: bool) -> str:
    styles = "'unsafe-inline'" if inline_styles else _hash(style)
    scripts = _hash(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {styles}; script-src {scripts}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
