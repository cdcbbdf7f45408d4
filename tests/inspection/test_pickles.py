"""Pickles are judged by what loading them would do; none is ever loaded here."""

from __future__ import annotations

import pickle
import struct

import pytest

from app.inspection.detection import Kind
from app.inspection.examination import examine
from app.inspection.inspector import Limits, Outcome, Report
from app.inspection.source import Held
from tests.support.inspection.handmade_pickles import CANARY, SYSTEM, called, named, proto, text
from tests.support.inspection.sample_files import inspected


def examined(content: bytes, limits: Limits | None = None) -> Report:
    return examine(Kind.PICKLE, "model.pkl", Held(content), limits or Limits())


def verdict(content: bytes) -> str:
    report = examined(content)
    assert report.scan is not None
    assert (report.outcome is Outcome.QUARANTINED) == (report.scan.verdict in {"dangerous", "unreadable"})
    assert (report.reason is None) == (report.outcome is Outcome.READY)
    return report.scan.verdict


def line(module: str, name: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{name}\n".encode()


MAKE = named("cloudpickle.cloudpickle", "_make_function")
SUBIMPORT = named("cloudpickle.cloudpickle", "subimport")
GETATTR = named("builtins", "getattr")
PARTIAL = named("functools", "partial")

DANGEROUS = {
    "REDUCE of GLOBAL": b"\x80\x02" + line("os", "system") + b"(X" + struct.pack("<I", 4) + b"harmtR.",
    "protocol 0": b"cposix\nsystem\n(S'harm'\ntR.",
    "name of Python 2": b"c__builtin__\neval\n(S'1'\ntR.",
    "module of Python 2": b"ccommands\ngetoutput\n(S'1'\ntR.",
    "INST": b"(S'harm'\nios\nsystem\n.",
    "OBJ": b"(" + line("os", "system") + b"S'harm'\no.",
    "NEWOBJ": proto(named("subprocess", "Popen") + text("harm") + b"\x85\x81"),
    "STACK_GLOBAL": proto(SYSTEM),
    "in a frame of protocol 5": proto(b"\x95" + struct.pack("<Q", len(SYSTEM) + 1) + SYSTEM, 5),
    "name through the memo": proto(text("os") + b"\x94" + text("system") + b"\x940" + b"0h\x00h\x01\x93"),
    "name through a renumbered memo": proto(text("system") + b"r\xff\xff\0\x000" + text("os") + b"j\xff\xff\0\0\x93"),
    "name below other values": proto(text("os") + b"K\x010" + text("system") + b"N0\x93"),
    "name by DUP": proto(text("os") + b"20" + text("system") + b"\x93"),
    "name by old opcodes": proto(b"U\x02osT\x06\0\0\0system\x93"),
    "name as an escaped text": proto(b"Vo\\u0073\nS'sys\\x74em'\n\x93"),
    "computed name": proto(called(named("builtins", "str"), text("os")) + text("system") + b"\x93"),
    "by another module": proto(named("logging", "os.system")),
    "module through another": b"clogging\nsys\n.",
    "submodule": b"cos.path\nsystem\n.",
    "globals of a function": proto(named("json", "dumps.__globals__")),
    "getattr of a module": proto(called(GETATTR, called(SUBIMPORT, text("os")), text("system"))),
    "getattr of a class": proto(called(GETATTR, named("logging", "Logger"), text("__globals__"))),
    "getattr that is called": proto(called(called(GETATTR, called(named("x.y", "Z")), text("run")), text("a"))),
    "getattr of a computed name": proto(called(GETATTR, named("x", "y"), called(named("builtins", "str")))),
    "dunder of a value": proto(called(GETATTR, called(named("x.y", "Z")), text("__globals__"))),
    "__import__": proto(called(named("builtins", "__import__"), text("os"))),
    "builtin that is called": proto(called(named("builtins", "map"), named("x", "y"), b"]")),
    "partial that is called": proto(called(called(PARTIAL, named("x", "y")), text("a"))),
    "methodcaller that is called": proto(called(called(named("operator", "methodcaller"), text("f")), text("a"))),
    "function by value that is called": proto(called(called(MAKE, b"N"))),
    "operator.call": proto(called(named("operator", "call"), named("x", "y"))),
    "reduce": proto(called(named("functools", "reduce"), named("x", "y"), b"]")),
    "module is changed": proto(called(SUBIMPORT, text("os")) + b"}" + text("a") + b"Nsb"),
    "class is changed": proto(named("sklearn.base", "BaseEstimator") + b"}" + text("fit") + b"Nsb"),
    "list of a module is extended": proto(named("sklearn", "__all__") + b"(Ne"),
    "extension registry": proto(b"\x82\x01"),
    "joblib.load": proto(called(named("joblib", "load"), text("x"))),
    "torch.hub": proto(named("torch.hub", "load")),
    "pandas.eval": proto(called(named("pandas", "eval"), text("x"))),
    "pickle in a pickle": proto(called(named("_pickle", "loads"), b"B\0\0\0\0")),
    "second pickle": proto(b"N") + proto(SYSTEM),
    "second pickle that is cut": proto(b"N") + b"\x80\x04" + SYSTEM,
    "known to a scanner of others only": proto(called(named("idlelib.pyshell", "ModifiedInterpreter.runcode"))),
    "cut after the harm": b"\x80\x04" + SYSTEM + b"(",
    "copy of cloudpickle": proto(called(called(named("joblib.externals.cloudpickle.cloudpickle", "_make_function")))),
    "the scanners": proto(named("picklescan.scanner", "_unsafe_globals")),
}  # fmt: skip


@pytest.mark.parametrize("content", DANGEROUS.values(), ids=DANGEROUS)
def test_ways_to_run_code_are_dangerous(content: bytes) -> None:
    assert verdict(content) == "dangerous"


UNREADABLE = {
    "empty": b"",
    "no end": b"\x80\x04N",
    "unknown opcode": b"\x80\x04\xff.",
    "protocol of the future": b"\x80\x06N.",
    "nothing on the stack": b"\x80\x04.",
    "no mark": b"\x80\x04Nt.",
    "memo without an entry": b"\x80\x04h\x05.",
    "length beyond the end": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
    "negative length": b"\x80\x02T\xff\xff\xff\xff.",
    "text without quotes": b"Sabc\n.",
    "number of the memo": b"Np\xc2\xb9\n.",
    "a text": b"hello",
    "zeros": bytes(100),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_malformed_pickles_are_unreadable(content: bytes) -> None:
    assert verdict(content) == "unreadable"


def test_pickles_beyond_the_opcode_limit_are_unreadable() -> None:
    report = examined(b"\x80\x04" + b"N0" * 1000 + b"N.", Limits(opcodes=1000))
    assert report.scan is not None
    assert report.scan.verdict == "unreadable"
    assert "more opcodes than are followed" in (report.reason or "")


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_safe(protocol: int) -> None:
    value = [
        1,
        -(2**70),
        1.5,
        "ä",
        b"\xff",
        (1, (2,)),
        {"a": {1, 2}},
        None,
        True,
        3j,
        Limits.__doc__,
        [[]] * 3,
        "x" * 5000,
    ]
    assert verdict(pickle.dumps(value, protocol)) == "safe"


def test_report_names_imports_findings_and_scanners() -> None:
    report = examined(proto(called(named("somewhere", "Thing")) + b"0" + SYSTEM))
    assert report.scan is not None
    assert report.scan.imports == ["os.system", "somewhere.Thing"]
    assert report.reason == "Loading this file is dangerous. Calls os.system, which runs commands or programs."
    assert [each.split()[0] for each in report.scan.scanners] == ["modelyard", "picklescan", "fickling"]
    assert any(each.startswith("picklescan: os.system") for each in report.scan.findings)
    assert any(each.startswith("fickling: ") for each in report.scan.findings)
    assert report.facts == {"pickleCount": 1, "arrayCount": 0, "opcodeCount": 15}


def test_lists_are_bounded() -> None:
    many = b"".join(named("a", f"b{n}\0\ud800".encode("utf-8", "surrogatepass").decode("latin-1")) for n in range(500))
    report = examined(proto(many), Limits(listed=10))
    assert report.scan is not None
    assert len(report.scan.imports) == 11
    assert report.scan.imports[-1] == "… and 490 more"
    assert len(report.scan.findings) == 11
    assert b"\\u0000" not in report.to_json()


def test_large_values_are_not_read() -> None:
    class Sparse:
        size = 10 * 2**30
        read_bytes = 0
        head = b"\x80\x05\x8e" + struct.pack("<Q", 10 * 2**30 - 12)

        def read(self, start: int, end: int) -> bytes:
            self.read_bytes += end - start
            assert end - start < 2**20
            return (self.head + bytes(2**17))[start:end] if start < 2**17 else bytes(end - start - 1) + b"."

    source = Sparse()
    report = examine(Kind.PICKLE, "model.pkl", source, Limits())
    assert report.outcome is Outcome.READY
    assert source.read_bytes < 2**20


async def test_kind_follows_content_not_name() -> None:
    report = await inspected("weights.txt", pickle.dumps({"a": 1}))
    assert (report.outcome, report.format) == (Outcome.READY, "pickle")
    report = await inspected("notes.txt", b"cos\nsystem\n(S'" + CANARY.encode() + b"'\ntR.")
    assert (report.outcome, report.format) == (Outcome.QUARANTINED, "pickle")
    assert (await inspected("model.pkl", b"(lp0\nI1\na.")).format == "pickle"


async def test_unknown_files_are_ready() -> None:
    for content in (b"", b"hello", b"class\nname\nvalue\n", b"\x89PNG\r\n\x1a\n" + bytes(50)):
        assert await inspected("file.dat", content) == Report()
