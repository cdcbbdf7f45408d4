"""requirements.txt as pip reads it: encodings, continued lines, hashes, options."""

from __future__ import annotations

import pytest

from app.inspection.inspector import Limits, Outcome, Report
from tests.support.inspection.sample_files import looked_at

ENCODED = {
    "UTF-8 with mark": "numpy\n# é\n".encode("utf-8-sig"),
    "UTF-16 with mark": "numpy\n# é\n".encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + "numpy\n# é\n".encode("utf-16-be"),
    "UTF-32 with mark": "numpy\n# é\n".encode("utf-32"),
    "Latin-1 by its first line": "# -*- coding: latin-1 -*-\n# é\nnumpy\n".encode("latin-1"),
    "Latin-1 by its second line": "# made\n# coding=latin-1\n# é\nnumpy\n".encode("latin-1"),
    "Shift JIS": "# vim: set fileencoding=shift_jis :\n# モデル\nnumpy\n".encode("shift_jis"),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_declared_encodings_are_honoured(content: bytes) -> None:
    report = looked_at("requirements.txt", content)
    assert (report.outcome, report.format, report.facts["dependencies"]) == (Outcome.READY, "requirements", ["numpy"])


@pytest.mark.parametrize(
    ("text", "dependencies"),
    [
        ("numpy==2.1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nscipy\n", ["numpy==2.1.0", "scipy"]),
        ("numpy==2.1.0 --hash=sha256:aa --hash=sha256:bb\n", ["numpy==2.1.0"]),
        (
            "a; python_version < '3.12' \\\n  and sys_platform == 'linux'\nb\n",
            ["a; python_version < '3.12' and sys_platform == 'linux'", "b"],
        ),
        ("numpy==2.1.0 \\\r\n    --hash=sha256:aa\r\nscipy\r\n", ["numpy==2.1.0", "scipy"]),
        ("a \\\n# why\nb\n", ["a", "b"]),
        ("a # why \\\nb\n# \\\nc\n", ["a", "c"]),
        ("a \\", ["a"]),
        ("a\n\\\n\\\n", ["a"]),
        ("pkg @ https://x/p.whl#sha256=ab\n", ["pkg @ https://x/p.whl#sha256=ab"]),
        ("./local --config-settings=a=b\n", ["./local"]),
        ("a\u2028b\x0cc\n", ["a", "b", "c"]),
        ("", []),
    ],
)
def test_line_splitting_equals_that_of_pip(text: str, dependencies: list[str]) -> None:
    report = looked_at("requirements.txt", text.encode())
    assert (report.outcome, report.facts["dependencies"]) == (Outcome.READY, dependencies)


def test_options_may_continue_over_lines() -> None:
    report = looked_at("requirements.txt", b"--index-url \\\n  https://x\n-e git+https://x/y#egg=y\nnumpy\n")
    assert report.facts["options"] == ["--index-url https://x", "-e git+https://x/y#egg=y"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"# coding: klingon\nnumpy\n", "names the encoding klingon"),
        (b"# coding: hex\nnumpy\n", "names the encoding hex"),
        (b"# coding: ascii\n# \xe9\n", "is no text in ascii"),
        (b"\xff\xfe\x00\xd8", "is no text in utf-16-le"),
        (b"\x80\0numpy", "byte 1 is NUL"),
    ],
)
def test_files_that_pip_refuses_have_failed(content: bytes, reason: str) -> None:
    report = looked_at("requirements.txt", content)
    assert (report.outcome, report.format) == (Outcome.FAILED, "requirements")
    assert reason in (report.reason or "")


def test_files_in_other_encodings_or_too_large_have_no_format() -> None:
    assert looked_at("requirements.txt", "# é\nnumpy\n".encode("latin-1")) == Report()
    assert looked_at("requirements.txt", b"a\n" * 100, Limits(document_bytes=100)) == Report()
