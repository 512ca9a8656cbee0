"""How text is made comparable, once and in Python, so that no database's idea of case matters. Pure."""

import re
import unicodedata

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fold(text: str) -> str:
    """The text as it is compared and as folded columns store it: NFKC, case folded, without what no database stores."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", storable(text)).casefold())


def storable(text: str) -> str:
    """The text with NUL and lone surrogates turned into blanks."""
    return _UNSTORABLE.sub(" ", text)
