"""Text under names of pickles and text that looks like one: only what unpickling would run to a harmful end counts."""

from __future__ import annotations

import pickle
import zipfile

import pytest

from app.inspection.inspector import Limits, Outcome, Report
from tests.inspection.test_archives import tarred, verdict, zipped
from tests.support.inspection.handmade_pickles import SYSTEM, called, named, proto
from tests.support.inspection.sample_files import inspected, looked_at

HARM = b"cos\nsystem\n(S'echo harm'\ntR."
TEXTS = {
    "Julia": b"using Flux\nmodel = Chain(Dense(3 => 2))\nFlux.train!(loss, model)\n",
    "Portuguese": "Os bancos\ncontam tudo.\nIsto é só um teste.\n".encode(),
    "Latin-1": "conclus\xe3o: n\xe3o\n".encode("latin-1"),
    "UTF-16": "texto\n".encode("utf-16"),
    "functions": b"cos\nsin\ntan\n",
    "modules": b"cos\nsys\nimport subprocess\n",
    "one line": b"c" + b"onclusion, in many words: " * 200 + b"\nend\n",
    "one long word": b"a" * 3000,
    "one long name": b"cagtacgt" * 1000 + b"\ntag\n",
    "a line without an end": b"cagtacgt" * 20_000,
    "paths": b"/srv/lib/python\nimport site\n",
    "a script": b"print('hello')\n",
    "numbers": b"1 2 3\n4 5 6\n",
    "begins with a value": b"N. Smith et al.\ncos\nsin\ntan\n",
    "empty": b"",
    "zeros": bytes(100),
    "without an end": b"cos\nsystem",
}
SHARED = ["train.jl", "newstest.pt", "plot.p", "site.pth", "checkpoint.ckpt", "a.pck"]
"""Names that others than pickles have, too."""
PICKLES = ["model.pkl", "model.pickle", "model.joblib", "model.dill", "model.cloudpickle", "a.npy", "a.npz"]


@pytest.mark.parametrize("name", [*SHARED, "notes.txt", "functions"])
@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_text_is_of_no_format(name: str, content: bytes) -> None:
    assert looked_at(name, content) == Report()


@pytest.mark.parametrize("name", PICKLES)
@pytest.mark.parametrize("text", [key for key in TEXTS if key not in {"begins with a value", "one long word"}])
def test_text_named_as_a_pickle_has_failed(name: str, text: str) -> None:
    report = looked_at(name, TEXTS[text])
    assert (report.outcome, report.format, report.scan) == (Outcome.FAILED, "pickle", None)
    assert (report.reason or "").startswith("Its name says pickle, and no pickle begins like this: ")


HARMFUL = {
    "REDUCE": HARM,
    "INST": b"(S'echo harm'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'echo harm'\no.",
    "before it breaks off": HARM[:-1] + b"\nand some words\n",
    "after a value": b"N0" + HARM,
    "after a pickle": b"N." + HARM,
    "behind carriage returns": b"I1\r\n0" + HARM,
    "class is changed": b"csklearn.base\nBaseEstimator\n(dS'fit'\nNsb.",
    "last line without its end": b"(S'echo harm'\nios\nsystem!",
    "cut after the harm": HARM[:-1],
}
"""Python's own unpickler, which dill and joblib use, takes a last line without its end, less one byte."""


@pytest.mark.parametrize("name", [*SHARED, *PICKLES])
@pytest.mark.parametrize("content", HARMFUL.values(), ids=HARMFUL)
def test_pickles_in_text_that_do_harm_are_quarantined(name: str, content: bytes) -> None:
    report = looked_at(name, content)
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "dangerous")


@pytest.mark.parametrize("name", ["notes.txt", "functions"])
@pytest.mark.parametrize("key", HARMFUL)
def test_harmful_text_pickles_are_detected_by_their_lines(name: str, key: str) -> None:
    report = looked_at(name, HARMFUL[key])
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "dangerous")


@pytest.mark.parametrize("name", SHARED + PICKLES)
@pytest.mark.parametrize("value", [None, [1, "a"], {"a": (1.5, b"x")}, "text"])
def test_honest_pickles_in_text_are_pickles(name: str, value: object) -> None:
    report = looked_at(name, pickle.dumps(value, 0))
    assert report.outcome is Outcome.READY
    assert report.format in {"pickle", "joblib"}


@pytest.mark.parametrize("name", [*SHARED, *PICKLES])
def test_text_that_other_loaders_may_continue_is_quarantined(name: str) -> None:
    for content in (
        b"\x80\x06N.",  # a protocol of the future
        b"N0" * 600 + b"\xff",
        proto(called(named("somewhere", "make")))[:-1] + b"\xff",
        b"ZF0x1a" + bytes(60),  # joblib before 0.10
        b"\x28\xb5\x2f\xfd" + bytes(60),  # zstd
    ):
        report = looked_at(name, content, Limits(opcodes=1000))
        assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "unreadable")


@pytest.mark.parametrize("name", ["weights.bin", "newstest.pt"])
def test_noise_that_begins_like_a_pickle_is_of_no_format(name: str) -> None:
    assert looked_at(name, b"\x80\x04" + b"N0" * 10 + b"\xff" * 100) == Report()
    assert verdict(looked_at(name, b"\x80\x04" + SYSTEM + b"\xff" * 100)) == "dangerous"


def test_text_inside_archives_does_not_fail_them() -> None:
    members = {"src/train.jl": TEXTS["functions"], "data/newstest.pt": TEXTS["Portuguese"], "a.p": b"plot x\n"}
    for content in (zipped(members), zipped(members, zipfile.ZIP_DEFLATED), tarred(members)):
        report = looked_at("data.zip", content)
        assert (report.outcome, report.scan) == (Outcome.READY, None)
    assert verdict(looked_at("x.zip", zipped(members | {"b.p": HARM}))) == "dangerous"
    assert verdict(looked_at("x.tar", tarred(members | {"b.p": HARM}))) == "dangerous"


async def test_text_is_handed_out_by_the_process_that_looks() -> None:
    assert await inspected("train.jl", TEXTS["functions"]) == Report()
    assert (await inspected("train.jl", HARM)).outcome is Outcome.QUARANTINED
