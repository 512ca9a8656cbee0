"""Bytes to text: transfer encodings, charsets as they are really used, and encoded words (RFC 2045, 2047, 2231)."""

from __future__ import annotations

import binascii
import quopri
import re
import unicodedata
from functools import lru_cache

# What people mean by a charset's name. Only names in this table or in `_KNOWN` are used: Python has codecs that are
# no charsets.
_MEANT = {
    "": "utf-8", "ascii": "cp1252", "us-ascii": "cp1252", "ansi_x3.4-1968": "cp1252", "iso-8859-1": "cp1252",
    "latin1": "cp1252", "latin-1": "cp1252", "iso8859-1": "cp1252", "windows-1252": "cp1252", "ansi": "cp1252",
    "utf8": "utf-8", "utf-8mb4": "utf-8", "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8",
    "euc-kr": "cp949", "euckr": "cp949", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949",
    "ksc_5601": "cp949", "ks_c_5601-1989": "cp949", "windows-949": "cp949", "uhc": "cp949", "x-windows-949": "cp949",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "windows-936": "gb18030", "big5": "cp950", "big5-hkscs": "big5hkscs", "x-x-big5": "cp950", "cn-big5": "cp950",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_2", "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "tis-620": "cp874",
    "windows-874": "cp874", "iso-8859-11": "cp874", "koi8": "koi8-r", "koi8-ru": "koi8-u", "cp-1251": "cp1251",
    "win-1251": "cp1251", "x-mac-cyrillic": "mac_cyrillic", "macintosh": "mac_roman", "x-mac-roman": "mac_roman",
    "iso-8859-9": "cp1254", "iso-8859-8-i": "iso-8859-8", "iso-8859-6-i": "iso-8859-6", "unicode": "utf-16",
}  # fmt: skip
_KNOWN = frozenset(
    """
    utf-8 utf-7 utf-16 utf-16le utf-16be utf-32 cp949 johab iso-2022-kr cp950 big5hkscs gb18030 hz hz-gb-2312
    cp932 iso2022_jp_2 iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 euc_jp koi8-r koi8-u koi8-t cp866 cp855 ibm866
    windows-1250 windows-1251 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258
    cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874 cp437 cp850 cp852 cp858 ibm437 ibm850
    ibm852 mac_roman mac_cyrillic iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8
    iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16
    """.split()  # noqa: SIM905  (a column of quoted words is harder to read)
)
_SINGLE_BYTE = re.compile(r"(?:cp125\d|windows-125\d|iso-8859-\d+|koi8-\w|cp8\d\d|cp437|ibm\d+|mac_\w+)$")
_HIGH = re.compile(rb"[\x80-\xff]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")


def decode_text(data: bytes, charset: str) -> str:
    """The text that `data` most likely stands for. Never raises; line ends become `\\n`, NUL bytes vanish."""
    return _decode(data, charset).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def decode_header(raw: bytes, hint: str = "") -> str:
    """One header's value as text on one line: unfolded, raw 8-bit bytes guessed, encoded words decoded, cleaned."""
    return clean_line(decode_words(decode_raw(raw, hint)))


def decode_raw(raw: bytes, hint: str = "") -> str:
    """A header's bytes as text, its encoded words untouched, so that its syntax can be read first."""
    if raw.isascii():
        text = raw.decode("ascii")
        return _decode(raw, "iso-2022-jp") if "\x1b" in text else text
    return _decode(raw, hint)


def decode_words(text: str) -> str:
    """Encoded words decoded. Neighbours of one charset are joined first, since senders split inside characters."""
    if "=?" not in text:
        return text
    out: list[str] = []
    pending = b""
    pending_charset = ""
    end = 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        charset = word[1].split("*", 1)[0].lower()
        if pending and (between.strip() or charset != pending_charset):
            out.append(_decode(pending, pending_charset))
            pending = b""
        if between.strip() or (end == 0 and between):
            out.append(between)
        pending += _word_bytes(word[2], word[3])
        pending_charset = charset
        end = word.end()
    out.append(_decode(pending, pending_charset))
    out.append(text[end:])
    return "".join(out)


def clean_line(text: str, limit: int = 2_000) -> str:
    """Text as one line of metadata: NFC, no control or format characters (row 29), white space collapsed, cut at
    `limit`."""
    text = text[: limit * 4]
    if not text.isascii():
        text = "".join(_clean_character(c) for c in unicodedata.normalize("NFC", text))
    text = "".join(c if c >= " " and c != "\x7f" else (" " if c in "\t\r\n\v\f" else "") for c in text)
    return " ".join(text.split())[:limit].strip()


def clean_name(text: str, limit: int = 200) -> str:
    """An attachment's name as metadata: its last path part, cleaned, not `.` or `..`, at most `limit` characters."""
    name = clean_line(text.replace("\\", "/").replace("\x00", "")).rsplit("/", 1)[-1].strip()
    if not name.strip(". "):
        return ""
    if len(name) > limit:
        stem, dot, ending = name.rpartition(".")
        name = stem[: limit - len(ending) - 1] + dot + ending if dot and len(ending) <= 20 else name[:limit]
    return name


def decode_transfer(data: bytes, encoding: str) -> bytes:
    """A part's bytes behind its Content-Transfer-Encoding. Broken input gives what can be read of it."""
    kind = encoding.strip().strip("\"';").split(";")[0].split(" ")[0].lower()
    if kind == "base64":
        return decode_base64(data)
    if kind == "quoted-printable":
        return quopri.decodestring(data)
    if kind in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return decode_uu(data)
    return data


def decode_base64(data: bytes) -> bytes:
    """Base64 with any junk between, padding anywhere or missing."""
    data = data.translate(None, b" \t\r\n")
    if _NOT_BASE64.search(data):
        data = _NOT_BASE64.sub(b"", data)
    padding = data.find(b"=")
    if padding < 0 or padding >= len(data) - 2:
        return _quads(data if padding < 0 else data[:padding])
    return b"".join(_quads(piece) for piece in data.split(b"=") if piece)


def _quads(data: bytes) -> bytes:
    if len(data) % 4 == 1:
        data = data[:-1]
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4)) if len(data) % 4 else binascii.a2b_base64(data)


def decode_uu(data: bytes) -> bytes:
    """The first uuencoded file in `data`; the bytes themselves when there is none."""
    out = bytearray()
    inside = False
    for line in data.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() == b"end":
            break
        elif line:
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out += binascii.a2b_uu(line)
            except binascii.Error:
                try:
                    out += binascii.a2b_uu(line[:wanted])
                except binascii.Error:
                    continue
    return bytes(out) if inside else data


def _decode(data: bytes, charset: str) -> str:
    if not data:
        return ""
    name = _codec(charset)
    if _HIGH.search(data) is None and name not in _NOT_ASCII_BASED:
        return data.decode("ascii")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "utf-16"
    if name in {"utf-8", "cp1252"}:  # the labels that programs put on what they do not know
        return _guess(data)
    try:
        return data.decode("utf-8-sig" if _SINGLE_BYTE.match(name) else name)
    except (UnicodeDecodeError, LookupError):
        return _mislabelled(data, name)


_NOT_ASCII_BASED = frozenset(
    """
    utf-7 utf-16 utf-16le utf-16be utf-32 iso-2022-kr iso2022_jp_2 iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 hz
    hz-gb-2312
    """.split()  # noqa: SIM905  (a column of quoted words is harder to read)
)


@lru_cache(maxsize=256)
def _codec(charset: str) -> str:
    name = charset.strip().strip("\"'<>").lower()[:60]
    name = _MEANT.get(name, name)
    if name.startswith("x-") and name[2:] in _KNOWN:
        name = name[2:]
    if name.replace("_", "-") in _KNOWN:
        name = name.replace("_", "-")
    return name if name in _KNOWN else "utf-8"


def _mislabelled(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode(name, "replace")
    if _SINGLE_BYTE.match(name) and "\ufffd" not in text:
        return text
    lost = text.count("\ufffd")
    return text if lost * 20 <= len(_HIGH.findall(data)) + 20 else _guess(data)


# Who may be meant by bytes without a label. Order breaks ties.
_CANDIDATES = ("cp949", "cp1251", "koi8-r", "cp932", "gb18030", "cp950", "cp866", "iso-8859-5", "cp1252")


def _guess(data: bytes) -> str:
    """Text from unlabelled 8-bit bytes: UTF-8 when valid, then the charset whose letters look most like writing."""
    sample = data[:4096] if len(data) < 200_000 else data[:20_000]
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start > 64 and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace")
    best, best_score = "cp1252", 0.0
    for name in _CANDIDATES:
        score = _likeness(sample, name)
        if score > best_score:
            best, best_score = name, score
    text = data.decode(best, "replace")
    if best_score == 0.0 and "\ufffd" in text:
        return _last_guess(data)
    return text


def _last_guess(data: bytes) -> str:
    if data.count(0, 0, 2_000) or len(_HIGH.findall(data[:2_000])) < 8:
        return data.decode("utf-8", "replace")  # no text at all, or too little to tell
    from charset_normalizer import from_bytes  # noqa: PLC0415  (slow to load, rarely needed)

    match = from_bytes(data[:2_000]).best()
    if match is not None and match.encoding:
        return data.decode(match.encoding, "replace")
    return data.decode("utf-8", "replace")


def _likeness(sample: bytes, name: str) -> float:
    try:
        text = sample.decode(name)
    except UnicodeDecodeError as error:
        if error.end < len(sample) - 4:
            return 0.0
        text = sample[: error.start].decode(name, "replace")
    foreign = [c for c in text if c > "\x7f"]
    if not foreign:
        return 0.0
    if name in {"cp949", "cp932", "gb18030", "cp950"}:
        return _east_asian(foreign, name)
    return _alphabetic(text, foreign, name)


def _east_asian(foreign: list[str], name: str) -> float:
    hangul = sum("가" <= c <= "힣" for c in foreign)
    kana = sum("ぁ" <= c <= "ヿ" for c in foreign)
    han = sum("一" <= c <= "鿿" for c in foreign)
    if name == "cp949":
        # A syllable outside KS X 1001 is rare in writing and usual in other people's bytes.
        common = sum("가" <= c <= "힣" and _in_ksx1001(c) for c in foreign)
        return 1.2 * (common - 2 * (hangul - common)) / len(foreign)
    if name == "cp932":
        return (1.1 * kana + 0.5 * han * bool(kana)) / len(foreign) if not hangul else 0.0
    return 0.55 * han / len(foreign) + 0.01 * (name == "gb18030")


@lru_cache(maxsize=4096)
def _in_ksx1001(character: str) -> bool:
    try:
        character.encode("euc_kr")
    except UnicodeEncodeError:
        return False
    return True


def _alphabetic(text: str, foreign: list[str], name: str) -> float:
    if name == "cp1252":
        # Western letters stand alone inside ASCII words; five in a row are somebody else's alphabet.
        longest = max(len(run) for run in re.findall(r"[\x80-\U0010ffff]+", text))
        letters = sum(c.isalpha() or c in "–—‘’“”„…€«»°§©®\xa0·" for c in foreign)
        return (0.95 if longest <= 2 else 0.3) * letters / len(foreign)
    score = 0
    previous = " "
    for c in text:
        if c > "\x7f":
            if c.isalpha() and "A" <= previous <= "z":
                score -= 3
            elif "а" <= c <= "я" or c == "ё":
                score += 2
            elif "А" <= c <= "Я" or c == "Ё":
                score += -3 if "а" <= previous <= "я" else 1
            elif c not in "№«»—–…“”„ \xa0іїєґІЇЄҐ":
                score -= 3
        previous = c
    return 0.5 * score / len(foreign) if len(foreign) > 1 else 0.1 * score


def _word_bytes(kind: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogatepass")
    if kind in "bB":
        return decode_base64(data)
    return quopri.decodestring(data.replace(b" ", b"_"), header=True)


@lru_cache(maxsize=4096)
def _clean_character(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zl", "Zp", "Zs"}:
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf", "Cn"} and character not in "\t\r\n" else character
