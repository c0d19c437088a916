"""SVG elements: every text is escaped, every figure has a title and a description for screen
readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """An element; underscores in names of attributes become hyphens, ``None`` leaves an attribute
    out, numbers are rounded.

    >>> str(tag("rect", x=1.23456, class_="a&b"))
    '<rect x="1.23" class="a&amp;b"/>'
    """
    written = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
        if value is not None
    )
    if not inside:
        return Markup("<{}{}/>").format(Markup(name), written)
    return Markup("<{}{}>{}</{}>").format(
        Markup(name), written, Markup().join(escape(part) for part in inside), Markup(name)
    )


def _short(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(
    x: float, y: float, words: object, class_: str = "", anchor: str | None = None, **more: object
) -> Markup:
    """Words at a place."""
    return tag("text", words, x=x, y=y, class_=class_ or None, text_anchor=anchor, **more)


def rect(
    x: float, y: float, width: float, height: float, class_: str, hint: str = "", **more: object
) -> Markup:
    """A rectangle with a tooltip."""
    inside = [tag("title", hint)] if hint else []
    return tag(
        "rect",
        *inside,
        x=x,
        y=y,
        width=max(width, 0.0),
        height=max(height, 0.0),
        class_=class_,
        **more,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def polyline(points: Iterable[Point], class_: str) -> Markup:
    """A line through points."""
    return tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=class_)


def figure(
    name: str,
    title: str,
    description: str,
    width: float,
    height: float,
    parts: Sequence[Markup],
    class_: str = "",
) -> Markup:
    """The drawing; ``name`` must be unique on the page."""
    head = [tag("title", title, id=f"{name}-title"), tag("desc", description, id=f"{name}-desc")]
    return tag(
        "svg",
        *head,
        *parts,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_=f"figure {class_}".strip(),
        style=f"max-width:{width:.0f}px",
    )


def wrapped(words: str, room: int, lines: int = 2) -> list[str]:
    """The words on at most ``lines`` lines of about ``room`` characters; what does not fit ends in
    an ellipsis.

    >>> wrapped("Leading-edge wafer fabrication", 14)
    ['Leading-edge', 'wafer…']
    """
    found: list[str] = []
    for word in words.split(" "):  # a non-breaking space holds
        if found and len(found[-1]) + 1 + len(word) <= room:
            found[-1] += f" {word}"
        else:
            found.append(word)
    if len(found) <= lines:
        return [cut(part, room + 2) for part in found]
    kept = found[:lines]
    kept[-1] = cut(f"{kept[-1]}…", room) if len(kept[-1]) >= room else f"{kept[-1]}…"
    return kept


SIZE = 12.5
"""Size of the letters of a label, in pixels, as the style sheet has it."""

NARROW_LETTERS = {
    **dict.fromkeys("ijl.,:;'|", 0.34),
    **dict.fromkeys("ftr-()/ \u00a0", 0.43),
    **dict.fromkeys("csxyzvk", 0.6),
    **dict.fromkeys("mwMWQO%@\u2026", 1.03),
    **dict.fromkeys("0123456789", 0.72),
}
"""Widths of letters as a share of their size; others have :data:`LETTER`, capitals
:data:`CAPITAL`. They are those of wide fonts, so that a text is never wider than its bound."""
LETTER, CAPITAL = 0.65, 0.79


def text_width(words: str) -> float:
    """Upper bound on the width of a label, in pixels.

    >>> text_width("Mining") < text_width("mining m")
    True
    """
    shares = (
        NARROW_LETTERS.get(letter, CAPITAL if letter.isupper() else LETTER) for letter in words
    )
    return SIZE * sum(shares)


def cut(words: str, room: int) -> str:
    """The words, shortened to ``room`` characters."""
    return words if len(words) <= room else words[: room - 1].rstrip() + "…"
