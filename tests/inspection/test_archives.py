"""Pickles in archives and compressed files, and archives that are made to harm."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping

import pytest

from app.inspection.inspector import Limits, Outcome, Report
from tests.support.inspection.handmade_pickles import SYSTEM, called, named, proto, text
from tests.support.inspection.sample_files import looked_at

HARM = proto(SYSTEM)
FINE = pickle.dumps({"a": 1})


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def tarred(members: Mapping[str, bytes], link: str | None = None) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link is not None:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return written.getvalue()


def verdict(report: Report) -> str | None:
    return report.scan.verdict if report.scan else None


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_pytorch_archives_are_scanned(method: int) -> None:
    members = {"archive/data.pkl": FINE, "archive/version": b"3\n", "archive/data/0": HARM, "archive/data/1": b"1"}
    report = looked_at("model.pt", zipped(members, method))
    # What stands in data/ are bytes of tensors, which are not unpickled; packed, torch.save cannot have written them.
    assert (report.format, verdict(report)) == ("pytorch", "safe" if method == zipfile.ZIP_STORED else "dangerous")
    harmful = looked_at("weights.bin", zipped(members | {"archive/data.pkl": HARM}, method))
    assert (harmful.outcome, harmful.format, verdict(harmful)) == (Outcome.QUARANTINED, "pytorch", "dangerous")


@pytest.mark.parametrize("name", ["a.pkl", "a.txt", "sub/a", "tensors.bin"])
def test_pickles_in_archives_are_detected_by_content(name: str) -> None:
    assert verdict(looked_at("x.zip", zipped({"readme": b"hello", name: HARM}))) == "dangerous"
    assert verdict(looked_at("x", zipped({"inner.zip": zipped({name: HARM}, 8)}))) == "dangerous"
    assert verdict(looked_at("x", zipped({"inner.zip": zipped({name: HARM})}, 8))) == "dangerous"
    assert verdict(looked_at("x", zipped({"inner.gz": gzip.compress(HARM)}))) == "dangerous"
    assert verdict(looked_at("x.tar", tarred({"readme": b"hello", name: HARM}))) == "dangerous"
    assert verdict(looked_at("x.tar.gz", gzip.compress(tarred({name: HARM})))) == "dangerous"


@pytest.mark.parametrize(
    "compress",
    [zlib.compress, gzip.compress, bz2.compress, lzma.compress, lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE)],
)
@pytest.mark.parametrize("name", ["model.joblib", "model.pkl.gz", "weights"])
def test_compressed_pickles_are_scanned(compress: Callable[[bytes], bytes], name: str) -> None:
    large = pickle.dumps([b"x" * 3_000_000, {"a": 1}])
    assert verdict(looked_at(name, compress(large))) == "safe"
    assert verdict(looked_at(name, compress(HARM))) == "dangerous"
    cut = compress(bytes(range(256)) * 4000 + HARM)[:-20]
    assert looked_at("model.joblib", cut).outcome is Outcome.QUARANTINED


def test_several_compressed_parts_are_one_stream() -> None:
    assert verdict(looked_at("a.pkl.gz", gzip.compress(HARM[:8]) + gzip.compress(HARM[8:]))) == "dangerous"
    assert verdict(looked_at("a.pkl.gz", gzip.compress(FINE) + bytes(100))) == "safe"


def test_compressed_files_without_pickles_are_ready() -> None:
    assert looked_at("table.csv.gz", gzip.compress(b"a,b\n1,2\n" * 5000)) == Report()
    assert looked_at("x\x01.txt", b"x\x01 is text, too") == Report()
    assert looked_at("frames.lz4", b"\x04\x22\x4d\x18" + bytes(50)) == Report()
    assert verdict(looked_at("model.joblib", b"\x04\x22\x4d\x18" + bytes(50))) == "unreadable"


def test_decompression_bombs_stop_at_the_budget() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    report = looked_at("model.joblib", b"x\x9c" + bomb[2:], Limits(unpacked_bytes=1_000_000))
    assert report.outcome is Outcome.QUARANTINED
    hidden = zlib.compress(pickle.dumps(bytes(50_000_000)))
    report = looked_at("model.joblib", hidden, Limits(unpacked_bytes=1_000_000))
    assert "More than 1,000,000 bytes would have to be unpacked" in (report.reason or "")
    assert report.outcome is Outcome.QUARANTINED


def test_legacy_torch_files_are_read_as_several_pickles() -> None:
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    body = proto(called(named("torch._utils", "_rebuild_tensor_v2"), b"N"), 2)
    parts = magic + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2) + body + pickle.dumps(["0"], 2)
    report = looked_at("model.pt", parts + bytes(range(256)) * 4)
    assert (report.format, verdict(report), report.facts["pickleCount"]) == ("pytorch", "safe", 5)
    assert verdict(looked_at("model.pt", parts[:-1] + b"0" + SYSTEM + b".")) == "dangerous"


def test_tensors_in_bytes_are_inspected() -> None:
    inner = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + proto(b"N", 2) * 4
    load = named("torch.storage", "_load_from_bytes")

    def outer(content: bytes) -> bytes:
        return proto(load + b"B" + struct.pack("<I", len(content)) + content + b"\x85R")

    assert verdict(looked_at("a.pkl", outer(inner))) == "suspicious"
    assert verdict(looked_at("a.pkl", outer(inner[:-5] + HARM))) == "dangerous"
    assert verdict(looked_at("a.pkl", proto(called(load, called(named("x", "y")))))) == "dangerous"


def climbing(name: str) -> bytes:
    return zipped({"a" * len(name): b"1"}).replace(b"a" * len(name), name.encode())


def overlapping() -> bytes:
    """Two entries of the directory for the same bytes, as in David Fifield's bombs."""
    plain = zipped({"aa": bytes(1000)})
    directory = plain.index(b"PK\x01\x02")
    end = plain.index(b"PK\x05\x06")
    entry = plain[directory:end]
    twice = entry + entry.replace(b"aa", b"bb")
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(twice), directory, 0)
    return plain[:directory] + twice + tail


def declaring(size: int) -> bytes:
    """A stored size that is a lie."""
    plain = bytearray(zipped({"a": bytes(100_000)}, zipfile.ZIP_DEFLATED))
    at = plain.index(b"PK\x01\x02")
    plain[at + 24 : at + 28] = struct.pack("<L", size)
    return bytes(plain)


def nested(depth: int) -> bytes:
    content = zipped({"a": b"1"})
    for _ in range(depth):
        content = zipped({f"{n}.zip": content for n in range(4)}, zipfile.ZIP_DEFLATED)
    return content


def claiming(members: int) -> bytes:
    plain = zipped({"a": b"1"})
    at = plain.index(b"PK\x05\x06")
    return plain[: at + 8] + struct.pack("<HH", members, members) + plain[at + 12 :]


HOSTILE = {
    "climbs": (climbing("../../etc/x"), "outside of its folder"),
    "absolute": (climbing("/etc/passwd"), "outside of its folder"),
    "drive": (climbing("C:\\x.dll"), "outside of its folder"),
    "backslashes": (climbing("a\\..\\..\\b"), "outside of its folder"),
    "overlap": (overlapping(), "lie over each other"),
    "bomb": (declaring(2**31), "as bombs do"),
    "nested": (nested(5), "nested deeper than 3"),
    "link": (tarred({"a": b"1"}, "../../etc"), "leads outside of its folder"),
    "climbing tar": (tarred({"../a": b"1"}), "leads outside of its folder"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_archives_made_to_harm_are_quarantined(content: bytes, reason: str) -> None:
    report = looked_at("x.zip", content)
    assert report.outcome is Outcome.QUARANTINED
    assert reason in (report.reason or "")


@pytest.mark.parametrize("members", [{"data.pkl": FINE, "atad.pkl": HARM}, {"atad.pkl": HARM, "data.pkl": FINE}])
def test_all_members_of_one_name_are_inspected(members: dict[str, bytes]) -> None:
    report = looked_at("x.zip", zipped(members).replace(b"atad.pkl", b"data.pkl"))
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "dangerous")
    fine = zipped({"logs": b"1", "sgol": b"2"}).replace(b"sgol", b"logs")
    assert looked_at("x.zip", fine).outcome is Outcome.READY


def test_compressed_tensors_of_the_same_name_are_inspected() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("m/data.pkl", FINE)
        archive.writestr("m/data/0", HARM, zipfile.ZIP_STORED)
        archive.writestr("m/data/1", HARM, zipfile.ZIP_DEFLATED)
    twice = written.getvalue().replace(b"m/data/1", b"m/data/0")
    assert verdict(looked_at("model.pt", twice)) == "dangerous"


def test_archives_of_very_many_members_are_quarantined() -> None:
    report = looked_at("x.zip", zipped({str(n): b"" for n in range(200)}), Limits(archive_members=100))
    assert report.outcome is Outcome.QUARANTINED
    assert "claims 200 members; at most 100" in (report.reason or "")


def test_inspected_members_are_limited() -> None:
    report = looked_at("x.zip", zipped({str(n): b"1" for n in range(20)}), Limits(members_looked_at=10))
    assert (report.outcome, verdict(report)) == (Outcome.READY, "suspicious")
    assert report.scan is not None
    assert report.scan.findings == ["Only the first 10 members have been looked at."]


def test_pickles_are_inspected_before_the_member_limit_applies() -> None:
    archive = zipped({**{f"a/{n}": b"1" for n in range(20)}, "a/data.pkl": HARM})
    report = looked_at("x.pt", archive, Limits(members_looked_at=10))
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "dangerous")
    pickles = zipped({f"{n}.pkl": FINE for n in range(20)})
    report = looked_at("x.zip", pickles, Limits(members_looked_at=10))
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "unreadable")


def two_directories(*, gap: bytes = b"") -> bytes:
    """What Python's zipfile reads another directory of than the end of the archive names."""
    fine, harm = zipped({"data.pkl": FINE}), zipped({"data.pkl": HARM})
    at = harm.index(b"PK\x01\x02")
    end = harm.rindex(b"PK\x05\x06")
    if gap:
        return fine[: fine.rindex(b"PK\x05\x06")] + harm[:end] + fine[fine.rindex(b"PK\x05\x06") :]
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - at, len(fine) + at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(fine) + end, 1)
    return fine + harm[:end] + large + locator + fine[fine.rindex(b"PK\x05\x06") :]


ELSEWHERE = {
    "before": b"PK\x03\x04" + bytes(26) + zipped({"data.pkl": HARM}),
    "behind": two_directories(gap=b"x"),
    "large": two_directories(),
}
"""Archives of which others find members that are not read here."""


@pytest.mark.parametrize("content", ELSEWHERE.values(), ids=ELSEWHERE)
def test_archives_that_readers_disagree_on_are_quarantined(content: bytes) -> None:
    report = looked_at("x.pt", content)
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "unreadable")


DISGUISED = {
    "safetensors": b"G" + bytes(7) + b"{0" + HARM[2:] + bytes(100),
    "gguf": b"GGUF" + bytes(5) + b"0" + HARM[2:],
    "tar": tarred({"cos\nsystem\n(S'echo harm'\ntR.": b""}),
    "endless": b"GGUF" + bytes(5) + b"0" + b"N0" * 500_001 + HARM[2:],
}
"""Pickles that begin as something else does."""


@pytest.mark.parametrize("name", ["model.pkl", "pytorch_model.bin"])
@pytest.mark.parametrize("content", DISGUISED.values(), ids=DISGUISED)
def test_pickles_in_disguise_are_quarantined(name: str, content: bytes) -> None:
    assert looked_at(name, content).outcome is Outcome.QUARANTINED


CUT_OFF = {
    "cut": zipped({"a": bytes(5000)})[:3000],
    "empty": b"PK\x03\x04",
}
DAMAGED = {
    "more members than there are": claiming(5),
    "fewer members than there are": claiming(0),
    "member within the directory": zipped({"a": b"1"}).replace(
        struct.pack("<LL", 1, 1) + b"\1\0\0\0", struct.pack("<LL", 9999, 9999) + b"\1\0\0\0"
    ),
    "end within the end": zipped({"a": b"1"}) + b"PK\x05\x06",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_archives_are_quarantined(content: bytes) -> None:
    report = looked_at("x.zip", content)
    assert (report.outcome, report.format) == (Outcome.QUARANTINED, "zip")


@pytest.mark.parametrize("content", CUT_OFF.values(), ids=CUT_OFF)
def test_truncated_archives_have_failed(content: bytes) -> None:
    report = looked_at("x.zip", content)
    assert report.outcome is Outcome.FAILED
    assert report.format == "zip"


def test_members_that_cannot_be_read_are_quarantined() -> None:
    plain = bytearray(zipped({"data.pkl": FINE}))
    at = plain.index(b"PK\x01\x02")
    plain[at + 8] |= 1
    # The directory says encrypted, the bytes are not: what ignores the flag, as torch does, reads them.
    assert verdict(looked_at("x.zip", bytes(plain))) == "safe"
    scrambled = bytes(plain).replace(FINE, bytes(255 - byte for byte in FINE))
    assert looked_at("x.zip", scrambled).outcome is Outcome.QUARANTINED
    plain[at + 10] = 99
    report = looked_at("x.zip", bytes(plain))
    assert report.outcome is Outcome.QUARANTINED
    assert "packed otherwise than the directory says" in (report.reason or "")


def test_keras_archives_tell_their_layers() -> None:
    config = b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}, {"class_name": "Lambda"}]}}'
    members = {"metadata.json": b'{"keras_version": "3.1"}', "config.json": config, "model.weights.h5": b"\x89HDF"}
    report = looked_at("model.keras", zipped(members))
    assert (report.outcome, report.format, verdict(report)) == (Outcome.READY, "keras", "suspicious")
    assert (report.facts["kerasVersion"], report.facts["layers"]) == ("3.1", ["Dense", "Lambda"])
    plain = members | {"config.json": config.replace(b"Lambda", b"Conv2D")}
    assert looked_at("model.keras", zipped(plain)).scan is None


def test_names_of_members_are_told_without_control_characters() -> None:
    report = looked_at("x.zip", zipped({"a\x07\x1b[31m" + text("x").decode("latin-1"): b"1"}))
    assert b"\\u001b" not in report.to_json()
