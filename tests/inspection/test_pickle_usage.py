"""What a pickle does with a name decides: every honest use has twins that only look like it."""

from __future__ import annotations

import pytest

from app.inspection.detection import Kind
from app.inspection.examination import examine
from app.inspection.inspector import Limits, Outcome
from app.inspection.pickles.dissection import Dissector
from app.inspection.pickles.policy import Level
from app.inspection.source import FileStream, Held
from tests.support.inspection.handmade_pickles import called, named, proto, text

GETITEM, REDUCE, OR = (
    named("_operator", "getitem"),
    named("functools", "reduce"),
    named("_operator", "or_"),
)
INT, LIST, NONE = (
    named("builtins", "int"),
    named("typing", "List"),
    called(named("builtins", "type"), b"N"),
)
GETATTR, SETATTR, PARTIAL = (
    named("builtins", "getattr"),
    named("builtins", "setattr"),
    named("functools", "partial"),
)
SYSTEM, POPEN, UNKNOWN = named("os", "system"), named("subprocess", "Popen"), named("x.y", "z")
CLASS, THING = named("x.y", "Thing"), called(named("x.y", "Thing"))
LRU, MAP = named("functools", "lru_cache"), named("builtins", "map")


def cp(name: str) -> bytes:
    return named("cloudpickle.cloudpickle", name)


def dill(name: str) -> bytes:
    return named("dill._dill", name)


def tup(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def dictionary(**entries: bytes) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def function(**names: bytes) -> bytes:
    """A function by value with these global names, as cloudpickle writes it."""
    made = called(cp("_make_function"), b"N", b"}", b"N", b"N", b"N") + b"\x94"
    state = tup(b"}", dictionary(__globals__=dictionary(**names)))
    return made + cp("_function_setstate") + b"h\x00" + state + b"\x86R0"


def by_value(name: bytes = text("Mine"), bases: bytes = b")") -> bytes:
    return called(cp("_make_skeleton_class"), named("builtins", "type"), name, bases, b"}", b"N", b"N")


def union(*items: bytes) -> bytes:
    return called(REDUCE, OR, tup(*items))


def put(key: int) -> bytes:
    return b"q" + bytes((key,))


def get(key: int) -> bytes:
    return b"h" + bytes((key,))


FILTERED = called(PARTIAL, dill("_setitems")) + tup(dill("_setitems"), b")", dictionary(source=b"}"), b"N") + b"b"

HONEST = {
    "List[int]": called(GETITEM, LIST, INT),
    "Box[int] of a class by value": called(GETITEM, by_value(), INT),
    "Dict[str, List[Optional[int]]]": called(GETITEM, LIST, tup(INT, called(GETITEM, LIST, union(INT, NONE)))),
    "int | None": union(INT, NONE),
    "list[Popen] | None": union(called(cp("_builtin_type"), text("GenericAlias")) + b"0" + CLASS, NONE),
    "Literal of a text": called(GETITEM, named("typing", "Literal"), text("a")),
    "types by name": called(called(cp("_builtin_type"), text("GenericAlias")), INT, tup(INT)),
    "names of a function": function(run=named("subprocess", "run"), sleep=named("time", "sleep")),
    "type hint of a harmful class": function(hint=called(GETITEM, named("typing", "Optional"), POPEN)),
    "partial in a function": function(start=called(PARTIAL, POPEN)),
    "annotations": dictionary(__annotations__=dictionary(process=POPEN)),
    "content of a cell": function(cell=called(cp("_make_cell"), named("joblib", "load"))),
    "standard output": called(GETATTR, called(cp("subimport"), text("sys")), text("stdout")),
    "map of a function of Python": called(MAP, named("builtins", "str"), b"]"),
    "filter of nothing": called(named("builtins", "filter"), b"N", b"]"),
    "partial of a class": called(called(PARTIAL, CLASS)),
    "lru_cache that decorates": called(called(LRU, b"K\x03", b"\x89"), UNKNOWN),
    "setattr on a class by value": called(SETATTR, by_value(), text("__qualname__"), text("Mine")),
    "class by dill": called(dill("_create_type"), called(dill("_load_type"), text("type")), text("Mine"), b")", b"}"),
    "instance of a class by dill": called(
        called(dill("_create_type"), named("enum", "EnumMeta"), text("Mine"), b")", b"}"), b"K\x01"
    ),
    "class with parameters by dill": called(named("types", "new_class"), text("Mine"), b")", b"}", FILTERED),
    "names of a module by dill": called(dill("_create_function"), b"N", b"cweakref\n__dict__\n"),
    "names of the main module by dill": called(dill("_create_function"), b"N", b"c__builtin__\n__main__\n"),
    "session of dill": called(dill("_import_module"), text("__main__")) + dictionary(a=b"N") + b"b",
    "Ellipsis by dill": called(dill("_eval_repr"), text("Ellipsis")),
    "range by dill": called(dill("_eval_repr"), text("range(0, 3)")),
    "method of a type by dill": called(
        dill("_getattr"), named("builtins", "str"), text("upper"), text("<method 'upper' of 'str' objects>")
    ),
    "dtype": named("torch", "float8_e4m3fn"),
    "module of a user": called(named("code", "MyModel")) + dictionary(weights=b"]") + b"b",
    "eval of a user's model": called(GETATTR, THING, text("eval")),
    "module in the old format of torch": tup(text("module"), CLASS, text("x.py"), text("")) + b"Q)\x81}b",
}  # fmt: skip

HARMFUL = {
    "getitem of modules": called(GETITEM, named("sys", "modules"), text("os")),
    "getitem of the environment": called(GETITEM, named("os", "environ"), text("PATH")),
    "getitem of what a call gave": called(GETITEM, called(UNKNOWN), text("a")),
    "getitem of the names of a module": called(GETITEM, named("json", "__dict__"), text("a")),
    "getitem of a computed pair": GETITEM + called(UNKNOWN) + b"R",
    "getitem of three": called(GETITEM, LIST, INT, INT),
    "item of plain data that is called": called(called(GETITEM, b"]", b"K\x00")),
    "Popen[int] that is called": called(called(GETITEM, POPEN, INT), text("harm")),
    "system[int] that is called": called(called(GETITEM, SYSTEM, INT), text("harm")),
    "List[int] is changed": called(GETITEM, named("sklearn.base", "BaseEstimator"), INT) + dictionary(fit=b"N") + b"b",
    "union is changed": union(INT, CLASS) + dictionary(fit=b"N") + b"b",
    "attribute of List[int]": called(GETATTR, called(GETITEM, named("json", "dumps"), INT), text("__globals__")),
    "method of Popen[int]": called(GETATTR, called(GETITEM, POPEN, INT), text("communicate")),
    "setattr on List[int]": called(SETATTR, called(GETITEM, LIST, INT), text("a"), b"N"),
    "type hint that is handed on": called(UNKNOWN, called(GETITEM, LIST, SYSTEM)),
    "reduce of another function": called(REDUCE, named("operator", "add"), tup(INT, INT)),
    "reduce of a user's function": called(REDUCE, UNKNOWN, tup(INT, INT)),
    "reduce of a function by value": called(REDUCE, called(cp("_make_function"), b"N"), tup(INT)),
    "reduce of partial": called(REDUCE, called(PARTIAL, SYSTEM), tup(text("harm"))),
    "reduce over what is computed": called(REDUCE, OR, called(UNKNOWN)),
    "reduce with an initial value": called(REDUCE, OR, tup(INT), INT),
    "reduce over what calls gave": called(REDUCE, OR, tup(INT, called(UNKNOWN))),
    "reduce under its other name": called(named("_functools", "reduce"), UNKNOWN, tup(INT)),
    "names of a function that is called": called(function(run=SYSTEM) + b"h\x00"),
    "name of a function that is called as well": function(run=SYSTEM) + called(SYSTEM, text("harm")),
    "name of a function in a list": function(run=SYSTEM) + b"](" + SYSTEM + b"e",
    "name of a function in a call": function(run=SYSTEM) + called(UNKNOWN, SYSTEM),
    "names of a function in a call": dictionary(run=SYSTEM) + put(9) + b"0"
    + called(cp("_make_function"), b"N", get(9)) + b"0" + called(UNKNOWN, get(9)),
    "names that no function has": dictionary(run=SYSTEM),
    "state of what is not by value": called(cp("_function_setstate"), named("json", "dumps"), tup(b"}", b"}")),
    "state by another path": called(named("cloudpickle", "cloudpickle._function_setstate"), CLASS, tup(b"}", b"}")),
    "harm in a list": b"](" + SYSTEM + b"e",
    "harm in a set": b"\x8f(" + SYSTEM + b"\x90",
    "harm in a frozen set": b"(" + SYSTEM + b"\x91",
    "harm as a key": b"}(" + SYSTEM + b"Nu",
    "harm in an instance": CLASS + tup(SYSTEM) + b"\x81",
    "harm by name in an instance": CLASS + b")" + dictionary(a=SYSTEM) + b"\x92",
    "harm in a state": THING + dictionary(a=SYSTEM) + b"b",
    "harm in an item": THING + text("a") + SYSTEM + b"s",
    "harm in a long tuple": called(UNKNOWN, tup(*[b"N"] * 80, SYSTEM)),
    "harm in a tuple within": called(UNKNOWN, tup(tup(tup(SYSTEM)))),
    "harm for the loader": SYSTEM + b"Q",
    "harm in an old object": b"(" + CLASS + SYSTEM + b"o",
    "harm in an old instance": b"(" + SYSTEM + b"ix.y\nThing\n",
    "harm in a dictionary of protocol 0": b"(" + text("a") + SYSTEM + b"d",
    "cell that no function has": called(cp("_make_cell"), SYSTEM),
    "cell that is handed on": called(UNKNOWN, called(cp("_make_cell"), SYSTEM)),
    "partial that is left": called(PARTIAL, SYSTEM, text("harm")),
    "partial of a harmful class": called(called(PARTIAL, POPEN), text("harm")),
    "partial that becomes another": called(
        called(PARTIAL, CLASS) + tup(SYSTEM, tup(text("harm")), b"}", b"N") + b"b"
    ),
    "partial of what is computed": called(called(PARTIAL, CLASS) + called(UNKNOWN) + b"b"),
    "attribute of a class by value": called(cp("_class_setstate"), by_value(), tup(dictionary(run=SYSTEM), b"}")),
    "base of a class by value": called(by_value(bases=tup(POPEN)), text("harm")),
    "metaclass that is none": called(cp("_make_skeleton_class"), SYSTEM, text("harm"), b")", b"}", b"N", b"N"),
    "metaclass that is partial": called(cp("_make_skeleton_class"), called(PARTIAL, UNKNOWN), text("a"), b")", b"}"),
    "named tuple that is a class of a module": called(
        called(dill("_create_namedtuple"), text("Popen"), b")", text("subprocess")), text("harm")
    ),
    "class by dill's import": called(called(dill("_import_module"), text("subprocess.Popen")), text("harm")),
    "module by dill's import": called(GETATTR, called(dill("_import_module"), text("os")), text("system")),
    "module is changed by dill's import": called(dill("_import_module"), text("json")) + dictionary(a=b"N") + b"b",
    "builtin by dill": called(dill("_get_attr"), THING, text("eval")),
    "evaluated text": called(dill("_eval_repr"), text("__import__('os').system('harm')")),
    "evaluated range": called(dill("_eval_repr"), text("range(0, 3) and print('harm')")),
    "evaluated description": called(dill("_getattr"), CLASS, text("a"), text("<m '' of 'print(1)' objects>")),
    "evaluated attribute": called(
        dill("_getattr"), CLASS, text('a"], print("harm'), text("<method 'upper' of 'str' objects>")
    ),
    "called by dill as a type": called(dill("_create_type"), SYSTEM, text("harm")),
    "type by dill that is none": called(called(dill("_create_type"), UNKNOWN, text("a")), text("b")),
    "called by dill as an array": called(dill("_create_array"), SYSTEM, tup(text("harm")), b"N"),
    "called by dill as a partial": called(dill("_create_ftype"), SYSTEM, text("harm"), b")", b"}"),
    "file by dill": called(dill("_create_filehandle"), text("harm"), text("w"), b"K\x00"),
    "items of a module by dill": called(dill("_setitems"), named("json", "__dict__"), b"}"),
    "setattr on a module": called(SETATTR, called(cp("subimport"), text("os")), text("a"), b"N"),
    "setattr on a class": called(SETATTR, CLASS, text("a"), b"N"),
    "setattr of harm": called(SETATTR, by_value(), text("a"), SYSTEM),
    "setattr of a computed name": called(SETATTR, THING, called(UNKNOWN), b"N"),
    "setattr by dill on a module": called(dill("_setattr"), called(cp("subimport"), text("os")), text("a"), b"N"),
    "setattr of a default": called(called(GETATTR, THING, text("none"), SYSTEM), text("harm")),
    "getattr of a default": called(UNKNOWN, called(GETATTR, THING, text("none"), SYSTEM)),
    "filler of a class": called(named("types", "new_class"), text("a"), b")", b"}", UNKNOWN),
    "filler of a class by partial": called(
        named("types", "new_class"), text("a"), b")", b"}", called(PARTIAL, UNKNOWN)
    ),
    "metaclass by name": called(named("types", "new_class"), text("a"), b")", dictionary(metaclass=UNKNOWN)),
    "metaclass that is computed": called(
        named("types", "new_class"), text("a"), b")", b"}" + called(named("x.y", "S"), text("x")) + UNKNOWN + b"s"
    ),
    "metaclass by a list of pairs": called(
        named("types", "new_class"), text("a"), b")", b"](" + tup(text("metaclass"), UNKNOWN) + b"e"
    ),
    "metaclass that a bound method is": called(
        named("types", "new_class"), text("a"), b")", dictionary(metaclass=called(GETATTR, THING, text("run")))
    ),
    "default of a function that is looked up": called(
        UNKNOWN, called(GETATTR, called(cp("_make_function"), b"N", b"}", b"N", tup(SYSTEM)), text("any"))
    ),
    "content of a cell that is looked up": called(
        UNKNOWN, called(GETATTR, called(cp("_make_cell"), SYSTEM), text("cell_contents"))
    ),
    "content of a cell that is set and looked up": called(cp("_make_empty_cell")) + put(9)
    + called(cp("_cell_set"), get(9), SYSTEM) + called(UNKNOWN, called(GETATTR, get(9), text("cell_contents"))),
    "default of a field that is looked up": called(
        UNKNOWN,
        called(GETATTR, named("dataclasses", "Field") + b")\x81" + dictionary(default=SYSTEM) + b"b", text("default")),
    ),
    "name of a module of the file that is looked up": called(
        UNKNOWN, called(GETATTR, called(cp("dynamic_subimport"), text("m"), dictionary(run=SYSTEM)), text("run"))
    ),
    "filler of a class by value": called(
        named("types", "new_class"), text("a"), b")", b"}", called(cp("_make_function"), b"N")
    ),
    "filler of a class by type": called(called(cp("_builtin_type"), text("new_class")), text("a"), b")", b"}", UNKNOWN),
    "map of harm": called(MAP, SYSTEM, tup(text("harm"))),
    "map of a user's function": called(MAP, UNKNOWN, b"]"),
    "map of a function by value": called(MAP, called(cp("_make_function"), b"N"), b"]"),
    "map of getattr": called(MAP, GETATTR, b"]"),
    "map of what looks up": called(MAP, called(named("operator", "attrgetter"), text("a")), b"]"),
    "map that is computed": MAP + called(UNKNOWN) + b"R",
    "starmap of a user's function": called(named("itertools", "starmap"), UNKNOWN, b"]"),
    "accumulate of a user's function": called(named("itertools", "accumulate"), b"]", UNKNOWN),
    "lru_cache of a function that is called": called(called(LRU, UNKNOWN), text("a")),
    "lru_cache that decorates and is called": called(called(called(LRU, b"K\x03"), UNKNOWN), text("a")),
    "lru_cache of harm": called(called(LRU, b"K\x03"), SYSTEM),
    "main module gets harm": called(dill("_import_module"), text("__main__")) + dictionary(a=SYSTEM) + b"b",
    "class of the main module gets harm": b"c__main__\nA\n" + dictionary(a=SYSTEM) + b"b",
    "what the main module has": b"c__main__\nos.path\n" + b"}b",
    "harmful class in the old format of torch": tup(text("module"), POPEN, text("")) + b"Q" + tup(text("a")) + b"R",
    "interpreter": called(named("code", "InteractiveInterpreter")),
    "interactive": called(named("code", "interact")),
    "script of the tests": called(named("test.support.script_helper", "assert_python_ok"), text("-c"), text("harm")),
    "list of a module": called(named("sys", "path.append"), text("harm")),
    "table of a module": called(named("warnings", "filters.insert"), b"K\x00", b"N"),
    "dictionary of a module by its class": called(named("builtins", "dict.update"), named("x.y", "table"), b"}"),
    "list of a module by its class": called(named("builtins", "list.append"), named("x.y", "table"), b"N"),
    "names of an enumeration": called(named("enum", "global_enum"), by_value()),
    "fields that are code": called(
        named("dataclasses", "dataclass"), called(named("builtins", "type"), text("A"), b")", dictionary(a=INT))
    ),
    "method that evaluates": called(named("pandas.core.api", "DataFrame.query"), THING, text("harm")),
    "method that loads": called(named("transformers.models.auto", "AutoModel.from_pretrained"), text("harm")),
    "method of a pool": called(
        named("joblib.externals.loky.process_executor", "ProcessPoolExecutor.submit"), THING, UNKNOWN
    ),
    "groupby of a user's function": called(named("itertools", "groupby"), b"]", UNKNOWN),
    "wrapper of joblib": called(named("joblib.externals.loky.cloudpickle_wrapper", "_reconstruct_wrapper"), b"N"),
    "method that writes": called(named("pandas.core.frame", "DataFrame.to_csv"), THING, text("harm")),
    "path that writes": called(named("pathlib", "PosixPath.write_text"), THING, text("harm")),
    "names of a module handed on": called(UNKNOWN, b"cweakref\n__dict__\n"),
    "module of another module": called(UNKNOWN, named("logging", "os")),
}  # fmt: skip


def verdict(body: bytes) -> str:
    report = examine(Kind.PICKLE, "model.pkl", Held(proto(body)), Limits())
    assert report.scan is not None
    assert (report.outcome is Outcome.QUARANTINED) == (report.scan.verdict == "dangerous"), report.reason
    assert report.scan.verdict != "unreadable", report.reason
    return report.scan.verdict


@pytest.mark.parametrize("body", HONEST.values(), ids=HONEST)
def test_honest_uses_are_no_danger(body: bytes) -> None:
    assert verdict(body) in {"safe", "suspicious"}


@pytest.mark.parametrize("body", HARMFUL.values(), ids=HARMFUL)
def test_imitations_of_honest_uses_are_dangerous(body: bytes) -> None:
    assert verdict(body) == "dangerous"


def test_a_danger_names_the_call_that_would_run() -> None:
    def reason(body: bytes) -> str | None:
        return examine(Kind.PICKLE, "model.pkl", Held(proto(body)), Limits()).reason

    dangerous = "Loading this file is dangerous. "
    assert reason(called(SYSTEM, text("a"))) == f"{dangerous}Calls os.system, which runs commands or programs."
    assert reason(called(UNKNOWN, SYSTEM)) == f"{dangerous}Hands os.system, which runs commands or programs, to x.y.z."
    assert reason(SYSTEM) == f"{dangerous}Names os.system, which runs commands or programs."
    assert reason(called(MAP, UNKNOWN, b"]")) == f"{dangerous}Calls builtins.map, which calls what it is given."


def test_names_of_functions_are_told() -> None:
    report = examine(Kind.PICKLE, "model.pkl", Held(proto(function(run=SYSTEM))), Limits())
    assert report.scan is not None
    assert "Python code in the file has os.system, which runs commands or programs." in report.scan.findings


def test_what_only_another_scanner_calls_dangerous_is_suspicious() -> None:
    """`requests.api` and `unittest` are on lists of others as a whole."""
    for name in (("requests.api", "Anything"), ("unittest.result", "TestResult"), ("torch.jit", "Future")):
        report = examine(Kind.PICKLE, "model.pkl", Held(proto(called(named(*name)))), Limits())
        assert report.scan is not None
        assert (report.outcome, report.scan.verdict) == (Outcome.READY, "suspicious")
        assert any(each.startswith(("picklescan: ", "fickling: ")) for each in report.scan.findings), name


def test_very_many_harmful_names_in_one_value_are_dangerous() -> None:
    names = b"".join(text(f"a{n}") + named("subprocess", f"Popen.a{n}") for n in range(1_100))
    assert verdict(called(cp("_make_function"), b"N", b"}(" + names + b"u")) == "dangerous"


def test_tuples_within_tuples_are_followed_once() -> None:
    """Without the scanners of others, which would write all of it out."""
    within = b"\x85" + b"2\x86" * 60
    for body, expected in (
        (called(UNKNOWN, SYSTEM + within), Level.DANGEROUS),
        (called(REDUCE, OR, SYSTEM + within), Level.DANGEROUS),
        (called(REDUCE, OR, INT + within), Level.SUSPICIOUS),
    ):
        result = Dissector(Limits()).stream(FileStream(Held(proto(body))))
        assert (result.broken, result.usage.level) == (None, expected)
