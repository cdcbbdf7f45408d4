"""The demonstration's data as an attacker would write it, who may write all that people may."""

from __future__ import annotations

from tests.browser.demo.texts import Texts
from tests.support.browser.hostile_texts import FILES, MARKDOWN, NAMES, RAN

HOSTILE = Texts(
    group=f"<img src=x onerror='{RAN}'>",
    project=f"</title><script>{RAN}</script>",
    description=MARKDOWN,
    model=NAMES[0],
    card=MARKDOWN,
    other_models=tuple((name, MARKDOWN) for name in NAMES[1:]),
    experiment=f"<script>{RAN}</script>",
    candidate=f"\"><img src=x onerror='{RAN}'>",
    version_description=MARKDOWN,
    release_notes=MARKDOWN,
    tag=f"javascript:{RAN}//<svg onload='{RAN}'>",
    reason=MARKDOWN[:900],
    people=tuple((name, f"<img src=x onerror='{RAN}'>") for name in ("mallory", "eve", "trudy", "oscar")),
    files=FILES,
)
"""Every text of it tries to run something in the pages of those who read it."""
