"""Descriptions as HTML that is safe to put into a page."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "a", "img", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "code": {"class"}}
_SCHEMES = {"http", "https", "mailto"}
# As on Hugging Face and GitLab: YAML between two lines of dashes at the very beginning, its first line a key.
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(?=[^\s:#-][^:\r\n]*:)(?:.*\r?\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")


@lru_cache(maxsize=512)
def to_html(text: str) -> str:
    """CommonMark with tables, sanitised: no scripts, no styles, no raw HTML, links to the web only.

    Front matter is left out: it is data for programs, which find it in the description itself.
    """
    return nh3.clean(
        _renderer.render(_FRONT_MATTER.sub("", text, count=1)),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
