"""Rules for the characters of names and free text: nothing invisible, nothing that a terminal or a
spreadsheet takes for a command."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Categories of Unicode of characters that are not seen: control characters, marks of direction,
spaces without width and the like."""

_CONTROLS = {"\t": "tab", "\n": "line break", "\x1b": "escape"}
_FIRST = "=+@"
_OF_PATHS = '/\\:*?"<>|'


def describe(sign: str) -> str:
    """The code point of a character and its name.

    >>> describe(chr(0x200B)), describe(chr(0x1B))
    ('U+200B (zero width space)', 'U+001B (escape)')
    """
    name = _CONTROLS.get(sign) or unicodedata.name(sign, "control character").lower()
    return f"U+{ord(sign):04X} ({name})"


def unseen(text: str, *, spaces: bool = False, allowed: str = "") -> str:
    """The first character of a text that is not seen, or nothing; with ``spaces``, a space that is
    not the usual one counts too."""
    if text.isascii() and text.isprintable():
        return ""
    for sign in text:
        kind = unicodedata.category(sign)
        if sign not in allowed and (kind in _UNSEEN or (spaces and kind == "Zs" and sign != " ")):
            return sign
    return ""


def hint(text: str) -> str:
    """What to say of a text that looks right and is not: the character that is not seen, and the
    text without it."""
    sign = unseen(text, spaces=True)
    if not sign:
        return ""
    visible = "".join(" " if unicodedata.category(one) == "Zs" else one for one in text)
    visible = "".join(one for one in visible if not unseen(one)).strip()
    meant = f"; without it the cell reads {visible!r}" if visible else ""
    return f"; it holds {describe(sign)}, which is not seen{meant}"


def check_text(text: str) -> str:
    """Refuse free text with characters that are not seen; line breaks and tabs are allowed.

    Raises:
        ValueError: naming the character.
    """
    if sign := unseen(text, allowed="\n\t"):
        raise ValueError(f"should be text without {describe(sign)}, which is not seen")
    return text


def check_label(text: str) -> str:
    """Refuse a label of one line that holds characters that are not seen, or that a spreadsheet
    takes for a formula.

    Raises:
        ValueError: naming the character.
    """
    if sign := unseen(text):
        raise ValueError(f"should be a text of one line without {describe(sign)}")
    if text.startswith(tuple(_FIRST)):
        raise ValueError(
            f"should not begin with {text[0]}, which a spreadsheet takes for a formula"
        )
    return text


def check_name(text: str) -> str:
    """Refuse the name of a case that cannot be the name of a folder.

    Raises:
        ValueError: naming the character.
    """
    check_label(text)
    bad = next((sign for sign in text if sign in _OF_PATHS), "")
    if bad:
        raise ValueError(f"should be the name of a folder, without {bad}")
    if not text.strip() or text.startswith(".") or text != text.strip():
        raise ValueError("should be a name that begins with neither a point nor a space")
    return text
