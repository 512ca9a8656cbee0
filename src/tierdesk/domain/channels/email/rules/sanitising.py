"""HTML that is safe to show, and text as HTML.

Remote images become inert (`data-remote-src`), so that opening a ticket asks nobody anything; images of the mail itself
keep `cid:` for the page to resolve. The result is a fixed point: cleaning it again changes nothing (row 26).
"""

from __future__ import annotations

import html as entities
import re
from functools import lru_cache

import nh3

_TAGS = set(
    """
    a abbr b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure
    font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody
    td tfoot th thead tr tt u ul var wbr
    """.split()  # noqa: SIM905  (a column of a hundred quoted words is harder to read)
)
_DROPPED_WITH_CONTENT = {
    "script", "style", "noscript", "svg", "math", "iframe", "object", "embed", "template", "head", "title", "noembed",
    "noframes", "xmp", "plaintext", "select", "textarea", "button", "audio", "video", "canvas", "frameset",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "data-remote-src"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "table": {"border", "cellpadding", "cellspacing", "align", "width"},
    "tr": {"align", "valign"},
    "ol": {"start", "type"},
    "font": {"color", "size"},
    "p": {"align"},
    "div": {"align"},
    "col": {"span", "width"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_SIZE = re.compile(r"\d{1,4}%?")
_COLOUR = re.compile(r"#?[A-Za-z0-9]{1,20}")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
# As the cleaner writes it: attributes in double quotes, none of those inside a value. No other text can look like this.
_IMAGE = re.compile(r'<img((?: [\w-]{1,40}="[^"]*"){1,12})>')


def sanitise_html(html: str) -> str:
    """`html` reduced to harmless marks: no scripts, styles, forms, vector images, classes or ids; links only to http,
    https, mailto, tel and cid; remote images inert. Idempotent."""
    if not html:
        return ""
    html = _CONTROL.sub("", html)
    if _is_too_deep(html):
        html = text_to_html(entities.unescape(_ANY_TAG.sub(" ", html)))
    for _ in range(4):
        cleaned = _IMAGE.sub(_inert, _cleaner().clean(html))
        if cleaned == html:
            break
        html = cleaned
    return html.strip()


def text_to_html(text: str) -> str:
    """Plain text as HTML: escaped, links made, quoted lines in `blockquote`. Linear in its length."""
    out: list[str] = []
    depth = 0
    lines: list[str] = []

    def flush() -> None:
        if lines:
            out.append("<p>" + "<br>".join(lines) + "</p>")
            lines.clear()

    for line in text.split("\n"):
        rest, level = line, 0
        while rest.startswith(">") and level < 20:
            level += 1
            rest = rest[1:].removeprefix(" ")
        if level != depth:
            flush()
            out.append("<blockquote>" * (level - depth) if level > depth else "</blockquote>" * (depth - level))
            depth = level
        if rest.strip():
            lines.append(_linked(rest))
        else:
            flush()
    flush()
    out.append("</blockquote>" * depth)
    return "".join(out)


_LINK = re.compile(r"https?://[^\s<>\"]{1,2000}|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_TRAILING = ".,;:!?'\")]}»”’。，"


def _linked(line: str) -> str:
    out: list[str] = []
    end = 0
    for match in _LINK.finditer(line):
        link = match[0].rstrip(_TRAILING)
        if match[0].startswith("http") and match[0][len(link) :].startswith(")") and link.count("(") > link.count(")"):
            link += ")"
        if link in {"http:", "https:", "http://", "https://"}:
            continue
        href = link if link.startswith("http") else "mailto:" + link
        out.append(entities.escape(line[end : match.start()]))
        out.append(f'<a href="{entities.escape(href)}" rel="noopener noreferrer nofollow">{entities.escape(link)}</a>')
        end = match.start() + len(link)
    out.append(entities.escape(line[end:]))
    return "".join(out)


_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})")
_ANY_TAG = re.compile(r"<[/!A-Za-z][^<>]{0,4000}>?")
_CLOSED_BY_THEMSELVES = frozenset(
    {
        "br",
        "img",
        "hr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "meta",
        "link",
        "input",
        "col",
        "dd",
        "dt",
        "wbr",
        "area",
        "option",
    }
)
_DEEPEST = 400


def _is_too_deep(html: str) -> bool:
    """Whether elements stand open inside each other by the hundred: no mail of a person, and a parser's time grows with
    the square of it."""
    depth = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _CLOSED_BY_THEMSELVES:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def _inert(image: re.Match[str]) -> str:
    return "<img" + re.sub(r' src="(?=https?:)', ' data-remote-src="', image[1], flags=re.IGNORECASE) + ">"


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        url_schemes=_SCHEMES,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name in {"href", "src", "data-remote-src"}:
        return _url(tag, name, value)
    if name in {
        "width",
        "height",
        "colspan",
        "rowspan",
        "border",
        "cellpadding",
        "cellspacing",
        "size",
        "span",
        "start",
    }:
        return value if _SIZE.fullmatch(value.strip()) else None
    if name in {"color", "align", "valign", "dir", "type", "scope"}:
        return value if _COLOUR.fullmatch(value) else None
    return value[:1000]


def _url(tag: str, name: str, value: str) -> str | None:
    url = _UNSEEN.sub("", value) if tag == "img" else _UNSEEN.sub("", value[:20]) + value[20:]
    scheme = url.split(":", 1)[0].lower() if ":" in url else ""
    if name == "href":
        return url if scheme in _SCHEMES and len(url) <= 4000 else None
    if name == "data-remote-src":
        return url if scheme in {"http", "https"} and len(url) <= 4000 else None
    return url if scheme in {"cid", "http", "https"} and len(url) <= 4000 else None
