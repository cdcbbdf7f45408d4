"""Tar archives: links that stay inside are honest (PEP 706), those that leave are not; long names count."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from itertools import product

import pytest

from app.inspection.inspector import Outcome, Report
from tests.inspection.test_archives import FINE, HARM, verdict
from tests.support.inspection.handmade_pickles import SYSTEM, proto
from tests.support.inspection.sample_files import looked_at

FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
FORMATS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT, "ustar": tarfile.USTAR_FORMAT}
LONG = "/".join(["a-folder-of-a-long-name"] * 8)
Entry = tuple[str, bytes, str | bytes]


def tarred(entries: Sequence[Entry], format: int = tarfile.PAX_FORMAT) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=format) as archive:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if isinstance(content, str):
                info.linkname = content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return written.getvalue()


SNAPSHOT = f"hub/models--org--name/snapshots/{'5' * 40}"
CACHE: list[Entry] = [
    ("hub/models--org--name/blobs/" + "b" * 64, FILE, b"{}"),
    ("hub/models--org--name/refs/main", FILE, b"5" * 40),
    (SNAPSHOT + "/config.json", LINK, "../../blobs/" + "b" * 64),
    (SNAPSHOT + "/sub/config.json", LINK, "../../../blobs/" + "b" * 64),
]
"""As Hugging Face's client keeps models."""
INSIDE: dict[str, list[Entry]] = {
    "cache of Hugging Face": CACHE,
    "cache in a deep folder": [(f"{LONG}/{name}", kind, content) for name, kind, content in CACHE],
    "link beside": [("a/lib.so.1", FILE, b"1"), ("a/lib.so", LINK, "lib.so.1")],
    "link to the top": [("a/b/top", LINK, "../..")],
    "link through a link": [("a/b/c/x", FILE, b"1"), ("l", LINK, "a/b"), ("m", LINK, "l/c/../c/x")],
    "hard link": [("a/x", FILE, b"1"), ("b/y", HARD, "a/x")],
    "hard link to a link": [("a/x", FILE, b"1"), ("a/l", LINK, "x"), ("a/h", HARD, "a/l")],
    "file through a link": [("a/b", FOLDER, ""), ("l", LINK, "a/b"), ("l/x", FILE, b"1")],
    "path that turns back": [("a/../b", FILE, b"1"), ("./c", FILE, b"1")],
    "two files of one name": [("a", FILE, b"1"), ("a", FILE, b"2")],
    "colon": [("w:0", FILE, b"1")],
}
TOO_LONG = {("cache in a deep folder", "ustar")}


@pytest.mark.parametrize(("key", "format"), [pair for pair in product(INSIDE, FORMATS) if pair not in TOO_LONG])
def test_links_that_stay_inside_are_honest(key: str, format: str) -> None:
    report = looked_at("x.tar", tarred(INSIDE[key], FORMATS[format]))
    assert (report.outcome, report.scan) == (Outcome.READY, None)


OUTSIDE: dict[str, list[Entry]] = {
    "above": [("link", LINK, "../secret")],
    "above from within": [("a/b/link", LINK, "../../../secret")],
    "absolute": [("link", LINK, "/etc/passwd")],
    "drive": [("link", LINK, "C:\\Windows")],
    "backslashes": [("a\\link", LINK, "..\\..\\x")],
    "hard link above": [("link", HARD, "../secret")],
    "hard link counts from the top": [("a/b/link", HARD, "../x")],
    "name above": [("../x", FILE, b"1")],
    "name above from within": [("a/../../x", FILE, b"1")],
    "absolute name": [("/etc/cron.d/x", FILE, b"1")],
    "through a link": [("a/b/c", LINK, "../.."), ("x", LINK, "a/b/c/../y")],
    "through a link that comes later": [("x", LINK, "a/b/c/../y"), ("a/b/c", LINK, "../..")],
    "file through a link that comes later": [("x", LINK, "a/b/c/.."), ("a/b/c", LINK, "../.."), ("x/y", FILE, b"1")],
    "hard link moves a link": [("a/b/l", LINK, "../../x"), ("h", HARD, "a/b/l")],
    "link for the top": [(".", LINK, "a")],
    "link for a folder": [("a/b/..", LINK, "c")],
    "links without end": [("a", LINK, "b"), ("b", LINK, "a"), ("a/x", FILE, b"1")],
    "long name": [(f"{LONG}/" + "../" * 9 + "x", FILE, b"1")],
    "long target": [("link", LINK, f"{LONG}/" + "../" * 9 + "x")],
}


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("entries", OUTSIDE.values(), ids=OUTSIDE)
def test_links_that_leave_are_quarantined(entries: list[Entry], format: int) -> None:
    report = looked_at("x.tar", tarred(entries, format))
    assert report.outcome is Outcome.QUARANTINED
    assert "leads outside of its folder" in (report.reason or "")


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_names_of_members_are_told_whole(format: int) -> None:
    name = f"{LONG}/model.pkl"
    report = looked_at("x.tar", tarred([(name, FILE, FINE), ("b", FILE, b"1")], format))
    assert report.facts["members"] == [name[:100] + "…", "b"]
    assert verdict(report) == "safe"
    assert verdict(looked_at("x.tar", tarred([(name, FILE, HARM)], format))) == "dangerous"


def test_headers_of_links_hide_no_member() -> None:
    """Python goes on right behind the header of a link, whatever size it claims."""
    raw = bytearray(tarred([("a", FILE, b"1"), ("l", LINK, "a"), ("m.pkl", FILE, HARM)]))
    at = raw.index(b"l\0")
    raw[at + 124 : at + 136] = b"00000002000\0"
    assert verdict(looked_at("x.tar", bytes(raw))) == "dangerous"


def test_members_of_unknown_types_are_inspected() -> None:
    raw = tarred([("m.pkl", b"Z", HARM)])
    assert verdict(looked_at("x.tar", raw)) == "dangerous"


def without_mark(raw: bytes) -> bytes:
    """As tar wrote before POSIX."""
    head = bytearray(raw[:512])
    head[257:265] = bytes(8)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + raw[512:]


@pytest.mark.parametrize("name", ["x.tar", "model.pt"])
def test_pre_posix_archives_are_detected_by_their_checksum(name: str) -> None:
    raw = tarred([("m.pkl", FILE, HARM)], tarfile.USTAR_FORMAT)
    assert verdict(looked_at(name, without_mark(raw))) == "dangerous"
    assert looked_at("x.tar", without_mark(tarred([("a", FILE, b"1")], tarfile.USTAR_FORMAT))).facts["members"] == ["a"]


def test_truncated_tars_have_failed_unless_harmful() -> None:
    cut = tarred([("a.bin", FILE, bytes(5000))])[:3000]
    report = looked_at("x.tar", cut)
    assert (report.outcome, report.scan) == (Outcome.FAILED, None)
    assert "the file ends at 3,000" in (report.reason or "")
    begun = tarred([("m.pkl", FILE, proto(SYSTEM)), ("a.bin", FILE, bytes(5000))])
    assert verdict(looked_at("x.tar", begun[:3000])) == "dangerous"
    hidden = tarred([("a.npy", FILE, b"\x93NUMPY"), ("m.pkl", FILE, proto(SYSTEM))])
    assert verdict(looked_at("x.tar", hidden)) == "dangerous"


def test_member_names_that_look_like_imports_are_harmless() -> None:
    """The first byte of ``cos.py`` is an opcode; nothing is called before it breaks off."""
    report = looked_at("x.tar", tarred([("cos.py", FILE, b"import math\nmath.cos(1)\n")]))
    assert (report.outcome, report.scan) == (Outcome.READY, None)


def test_an_empty_archive_is_one() -> None:
    assert looked_at("x.tar", tarred([])) == Report()
