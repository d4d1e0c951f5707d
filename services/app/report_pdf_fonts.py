"""The fonts and colours of the PDF."""

import unicodedata
from functools import cache
from importlib import resources
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, SEMIBOLD, BOLD = "SourceSansPro-Regular", "SourceSansPro-Semibold", "SourceSansPro-Bold"
MISSING = "■"
_NO_SIGN_OF_ITS_OWN = {"Cc", "Cf", "Cs", "Mn", "Me"}

# Those of report.css on white paper.
TEXT, SOFT, LINE, STRIPE, AXIS = map(HexColor, ("#221a28", "#5f5468", "#e4dde8", "#f8f5fa", "#8b7f96"))
RED, PURPLE = HexColor("#d3123f"), HexColor("#7a1fc4")
COLOURS = {
    "text": TEXT,
    "label": SOFT,
    "name": TEXT,
    "grid": HexColor("#e9e2ee"),
    "axis": AXIS,
    "upload": HexColor("#c92a3d"),
    "download": HexColor("#14783c"),
    "area": HexColor("#efe4f9"),
    "availability": PURPLE,
    "up": PURPLE,
    "down": HexColor("#c2185b"),
    "unknown": HexColor("#b07000"),
    "unobserved": HexColor("#f3eff6"),
    "hatch": HexColor("#b9aec4"),
}


@cache
def register_fonts() -> frozenset[int]:
    """Makes the fonts known to reportlab, once; the code points that they can show.

    They come from a package that holds nothing but font files; its names, not its code, are used.
    """
    folder = resources.files("font_source_sans_pro") / "files"
    fonts = [TTFont(name, str(folder / f"{name}.ttf")) for name in (REGULAR, SEMIBOLD, BOLD)]
    for font in fonts:
        registerFont(font)
    registerFontFamily(REGULAR, normal=REGULAR, bold=SEMIBOLD, italic=REGULAR, boldItalic=SEMIBOLD)
    return frozenset(fonts[0].face.charToGlyph)


def to_printable(text: str) -> str:
    """The text with a ■ for each letter that the fonts lack, so that nothing vanishes unseen."""
    glyphs = register_fonts()
    shown = (letter if ord(letter) in glyphs else _replace(letter) for letter in unicodedata.normalize("NFC", text))
    return "".join(shown)


def _replace(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter) in _NO_SIGN_OF_ITS_OWN else MISSING


def to_markup(text: str) -> str:
    """The printable text, escaped for a reportlab paragraph."""
    return escape(to_printable(text))
