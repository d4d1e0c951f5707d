"""The text of a page: by which letters it is written, and whether an expected text stands in it. Pure."""

import codecs
import html
import re
import unicodedata

# Labels as browsers know them, and some that servers really send, by the codec of Python that reads them.
_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 x-unicode20utf8 utf8mb3 utf8mb4",
    "cp1252": "windows-1252 x-cp1252 cp1252 iso-8859-1 iso8859-1 iso88591 l1 latin1 latin-1 ascii us-ascii ansi",
    "cp1250": "windows-1250 x-cp1250 cp1250",
    "cp1251": "windows-1251 x-cp1251 cp1251",
    "cp1253": "windows-1253 x-cp1253 cp1253",
    "cp1254": "windows-1254 x-cp1254 cp1254 iso-8859-9 iso8859-9 latin5 l5",
    "cp1255": "windows-1255 x-cp1255 cp1255",
    "cp1256": "windows-1256 x-cp1256 cp1256",
    "cp1257": "windows-1257 x-cp1257 cp1257",
    "cp1258": "windows-1258 x-cp1258 cp1258",
    "cp874": "windows-874 tis-620 iso-8859-11 dos-874",
    "cp866": "ibm866 cp866 866 csibm866",
    "cp850": "ibm850 cp850",
    "cp437": "ibm437 cp437",
    "iso8859_2": "iso-8859-2 iso8859-2 latin2 l2",
    "iso8859_3": "iso-8859-3 iso8859-3 latin3 l3",
    "iso8859_4": "iso-8859-4 iso8859-4 latin4 l4",
    "iso8859_5": "iso-8859-5 iso8859-5 cyrillic",
    "iso8859_6": "iso-8859-6 iso8859-6 iso-8859-6-e iso-8859-6-i arabic asmo-708",
    "iso8859_7": "iso-8859-7 iso8859-7 greek greek8",
    "iso8859_8": "iso-8859-8 iso8859-8 iso-8859-8-e iso-8859-8-i hebrew logical visual",
    "iso8859_10": "iso-8859-10 iso8859-10 latin6 l6",
    "iso8859_13": "iso-8859-13 iso8859-13",
    "iso8859_14": "iso-8859-14 iso8859-14",
    "iso8859_15": "iso-8859-15 iso8859-15 latin9 l9",
    "iso8859_16": "iso-8859-16 iso8859-16",
    "koi8_r": "koi8-r koi8 koi",
    "koi8_u": "koi8-u koi8-ru",
    "mac_roman": "macintosh mac x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "gb18030 gbk x-gbk gb2312 gb-2312 gb-2312-80 chinese cp936",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5",
    "euc_jp": "euc-jp x-euc-jp",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp932": "shift-jis sjis x-sjis shift-jis windows-31j ms-kanji ms932",
    "cp949": "euc-kr korean ks-c-5601-1987 ks-c-5601-1989 ksc5601 windows-949 cp949",
    "utf-16-le": "utf-16le utf-16 ucs-2 unicode iso-10646-ucs-2",
    "utf-16-be": "utf-16be unicodefffe",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_MOST_BEFORE_META = 4096
# The words of a text that is not found cost no more than this.
_MOST_COMPARED, _MOST_IN_A_WORD = 256 << 10, 200
_IN_HEADER = re.compile(r"charset\s*=[\s\"']*([^\s\"';]+)", re.IGNORECASE)
_IN_PAGE = re.compile(
    rb"<meta\s[^>]{0,1000}?charset\s*=[\s\"']*([\w.:-]+)|<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE | re.ASCII,
)
_NOT_THERE = "the expected text does not stand in the page"
_BY_LETTER = "it is looked for letter by letter, and the page writes it with entities, other spaces or other accents"


def explain_missing(page: bytes, content_type: str | None, text: str) -> str | None:
    """Return why the expected text is not in the page; None where it is."""
    letters = decode_page(page, content_type)
    if text in letters:
        return None
    return f"{_NOT_THERE}: {_BY_LETTER}" if _simplify(text) in _simplify(letters) else _NOT_THERE


def decode_page(page: bytes, content_type: str | None) -> str:
    """Return the letters of a page.

    The encoding is what the header says, else a byte order mark, else the page itself, else UTF-8 where that fits,
    else Windows-1252. Labels that nobody knows count as none.
    """
    mark = _by_mark(page)
    codec = _in_header(content_type) or mark or _in_page(page)
    if mark is not None and codec is not None and codec.startswith("utf-16"):
        # Which of the two orders of bytes it is, the mark knows best.
        codec = mark
    if codec is not None:
        return page.decode(codec, errors="replace")
    try:
        # The last letter may have been cut off.
        return codecs.getincrementaldecoder("utf-8")().decode(page)
    except UnicodeDecodeError:
        return page.decode("cp1252", errors="replace")


def find_codec(label: str) -> str | None:
    """Return the codec for the label of an encoding, None where there is none; of a list the first that is known."""
    parts = (part.strip().lower().replace("_", "-") for part in label.split(","))
    return next((_CODECS[part] for part in parts if part in _CODECS), None)


def _in_header(content_type: str | None) -> str | None:
    found = _IN_HEADER.search(content_type or "")
    return find_codec(found[1]) if found else None


def _by_mark(page: bytes) -> str | None:
    return next((codec for mark, codec in _MARKS if page.startswith(mark)), None)


def _in_page(page: bytes) -> str | None:
    found = _IN_PAGE.search(page[:_MOST_BEFORE_META])
    codec = find_codec((found[1] or found[2]).decode("ascii")) if found else None
    # A page whose label could be read as ASCII is not written in two bytes a letter.
    return "utf-8" if codec is not None and codec.startswith("utf-16") else codec


def _simplify(text: str) -> str:
    """Letters without entities, in one form, with one blank between words.

    Word by word, as accents without end in one word would take minutes to put in order.
    """
    words = html.unescape(text[:_MOST_COMPARED]).split()
    return " ".join(unicodedata.normalize("NFKC", word[:_MOST_IN_A_WORD]) for word in words)
