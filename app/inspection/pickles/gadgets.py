"""Names that honest pickles need, and steps from one name to another that lead out of it.

Kept as data so that a review is a reading. What does harm when it is called: `app/inspection/pickles/harm`.
"""

from __future__ import annotations

MODULE_STEPS: frozenset[str] = frozenset(
    """os sys posix nt subprocess importlib builtins __builtins__ __builtin__ shutil socket ctypes pty runpy
    marshal""".split()
)
"""Modules that others have imported: reached through them, they are as dangerous as by their own name."""

FUNCTION_STEPS: frozenset[str] = frozenset(
    """system popen Popen spawn eval exec execfile import_module load_module exec_module find_class check_output
    check_call getoutput getstatusoutput run_path run_module urlopen urlretrieve create_connection rmtree copytree
    copyfile mkdtemp mkstemp NamedTemporaryFile TemporaryDirectory CDLL dataclass""".split()
)
"""Functions of those modules, by whatever module of a library they are reached."""

INNER_STEPS: frozenset[str] = frozenset(
    """__import__ __globals__ __subclasses__ __loader__ __spec__ __code__ __dict__ __getattribute__ __getattr__
    __reduce__ __reduce_ex__ __mro__ __bases__ __base__ f_globals gi_frame cr_frame func_globals""".split()
)
"""Steps that lead out of whatever carries them, as in ``json.dumps.__globals__``."""

MUTATORS: frozenset[str] = frozenset(
    """update setdefault pop popitem clear append appendleft extend insert remove add discard register""".split()
)
"""Methods that change what they belong to: called on a table of a module, they change it for the whole program."""

HARMLESS: frozenset[str] = frozenset(
    """__new__ __init__ __repr__ __str__ __hash__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __len__ __format__
    __contains__ __iter__ __doc__ __name__ __qualname__ __module__""".split()
)
"""Steps with two underscores that classes written by value carry."""

BUILTIN_CONSTRUCTORS: frozenset[str] = frozenset(
    """bool int float complex str bytes bytearray list tuple set frozenset dict object slice range type property
    classmethod staticmethod super NoneType Ellipsis NotImplemented iter reversed enumerate zip memoryview
    BaseException Exception ArithmeticError AssertionError AttributeError BlockingIOError BrokenPipeError
    BufferError BytesWarning ChildProcessError ConnectionError DeprecationWarning EOFError EnvironmentError
    FileExistsError FileNotFoundError FloatingPointError FutureWarning IOError ImportError ImportWarning IndexError
    InterruptedError KeyError LookupError MemoryError ModuleNotFoundError NameError NotImplementedError OSError
    OverflowError PendingDeprecationWarning PermissionError RecursionError ReferenceError ResourceWarning
    RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning TimeoutError TypeError
    UnicodeError UnicodeDecodeError UnicodeEncodeError UserWarning ValueError Warning ZeroDivisionError""".split()
)
"""What builds a plain value, and may be called."""

BUILTIN_CALLERS: frozenset[str] = frozenset("map filter sorted min max sum any all next reduce apply".split())
"""Functions that a model may keep; called while loading, they call what they are given."""

_OWN_CODE = "brings Python code of its own, which imports cannot judge"
_TYPES = "puts types together, as pickles of type hints do"
_LAZY = "calls what it is given, as a function that a model keeps may"


def _all(names: str, why: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


EXPECTED: dict[str, str] = {
    **{
        f"cloudpickle.{module}.{name}": _OWN_CODE
        for module in ("cloudpickle", "cloudpickle_fast")
        for name in """_make_function _make_skel_func _fill_function _function_setstate _class_setstate
        _builtin_type _make_skeleton_class _make_skeleton_enum _rehydrate_skeleton_class _make_typevar _make_cell
        _make_empty_cell _empty_cell_value _cell_set cell_set subimport dynamic_subimport _make_dict_keys
        _make_dict_values _make_dict_items _get_bases _gen_ellipsis _gen_not_implemented instance
        _PICKLE_BY_VALUE_MODULES _file_reconstructor _get_dataclass_field_type_sentinel""".split()
    },
    **{
        f"dill._dill.{name}": _OWN_CODE
        for name in """_create_function _create_code _create_cell _create_type _load_type _create_namedtuple
        _setitems _create_array _create_lock _create_rlock _create_dtypemeta _create_ftype _create_weakref
        _create_weakproxy _create_typing_tuple _create_stringi _create_stringo _import_module _get_attr _getattr
        _eval_repr _setattr""".split()
    },
    **_all("types.CodeType types.FunctionType types.LambdaType types.MethodType types.CellType", _OWN_CODE),
    **_all("types.GenericAlias types.UnionType types.NoneType types.EllipsisType types.NotImplementedType", _TYPES),
    **_all("operator.getitem operator.or_ functools.reduce", _TYPES),
    **_all("itertools.starmap itertools.accumulate itertools.takewhile", _LAZY),
    "types.new_class": "makes a class",
    "torch.fx.graph_module.reduce_graph_module": "brings Python code as text, which loading runs",
    "builtins.__main__": "is the main module of the program that loads it",
    "builtins.getattr": "looks up an attribute, as pickles of bound methods and members of enumerations do",
    "builtins.setattr": "sets an attribute, as dill does for classes and functions that the file brings",
    "functools.partial": "binds arguments to a function",
    "functools.partialmethod": "binds arguments to a method",
    "functools.lru_cache": "makes a function keep its results",
    "operator.attrgetter": "makes a function that looks up an attribute",
    "operator.itemgetter": "makes a function that looks up an item",
    "operator.methodcaller": "makes a function that calls a method",
    "logging.getLogger": "finds a logger",
    "logging.Logger": "is a logger",
    "torch.storage._load_from_bytes": "loads tensors from bytes in the file, which are looked at as well",
}
"""What others may call dangerous although honest files need it; how it is *used* is judged in ``usage``."""

REBUILDERS: frozenset[str] = frozenset(
    """collections.OrderedDict collections.defaultdict collections.Counter collections.deque collections.ChainMap
    _codecs.encode copyreg._reconstructor copyreg.__newobj__ copyreg.__newobj_ex__ re._compile _io.BytesIO
    io.BytesIO numpy.dtype numpy.ndarray numpy.matrix numpy.core.multiarray._reconstruct
    numpy.core.multiarray.scalar numpy._core.multiarray._reconstruct numpy._core.multiarray.scalar
    numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer numpy.random._pickle.__randomstate_ctor
    numpy.random._pickle.__generator_ctor numpy.random._pickle.__bit_generator_ctor numpy.ma.core._mareconstruct
    numpy.ma._mareconstruct numpy.bool numpy.bool_ numpy.int8 numpy.int16 numpy.int32 numpy.int64 numpy.uint8
    numpy.uint16 numpy.uint32 numpy.uint64 numpy.float16 numpy.float32 numpy.float64 numpy.complex64
    numpy.complex128 numpy.str_ numpy.object_ numpy.bytes_ numpy.datetime64 numpy.timedelta64
    scipy.sparse._csr.csr_matrix scipy.sparse._csc.csc_matrix scipy.sparse._coo.coo_matrix
    scipy.sparse.csr.csr_matrix scipy.sparse._csr.csr_array scipy.sparse._csc.csc_array scipy.sparse._coo.coo_array
    pandas.core.indexes.base._new_Index pandas._libs.internals._unpickle_block pandas.core.indexes.base.Index
    pandas._libs.arrays.__pyx_unpickle_NDArrayBacked pandas._libs.tslibs.timestamps._unpickle_timestamp
    pandas._libs.tslibs.timedeltas._timedelta_unpickle pandas.core.internals.blocks.new_block
    torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3
    torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state torch._utils._rebuild_qtensor
    torch._utils._rebuild_sparse_tensor torch._utils._rebuild_meta_tensor_no_storage
    torch._tensor._rebuild_from_type_v2 torch.device torch.dtype torch.Size torch.serialization._get_layout
    torch._C._nn.gelu torch.float torch.float16 torch.float32 torch.float64 torch.bfloat16 torch.int8 torch.int16
    torch.int32 torch.int64 torch.uint8 torch.bool torch.jit._pickle.build_intlist
    torch.jit._pickle.build_tensorlist torch.jit._pickle.build_doublelist torch.jit._pickle.build_boollist
    torch.jit._pickle.build_tensor_from_id torch.jit._pickle.restore_type_tag joblib.numpy_pickle.NumpyArrayWrapper
    uuid.UUID uuid.SafeUUID types.SimpleNamespace types.MappingProxyType argparse.Namespace dataclasses.Field
    dataclasses._MISSING_TYPE dataclasses._DataclassParams dataclasses.InitVar
    dataclasses._HAS_DEFAULT_FACTORY_CLASS dataclasses._KW_ONLY_TYPE array._array_reconstructor array.array
    numpy._core._internal._convert_to_stringdtype_kwargs numpy.core._internal._convert_to_stringdtype_kwargs
    io.StringIO _io.StringIO numpy.dtypes.StringDType numpy.rec.recarray numpy.recarray numpy.record
    pyarrow.lib._restore_array pyarrow.lib.type_for_alias pyarrow.lib.py_buffer pyarrow.lib._datatype_to_pep3118
    pyarrow.lib.list_ pyarrow.lib.timestamp pathlib.PosixPath pathlib.PurePosixPath pathlib.WindowsPath pathlib.Path
    zoneinfo.ZoneInfo._unpickle datetime.timezone datetime.datetime datetime.date datetime.timedelta datetime.time
    fractions.Fraction decimal.Decimal""".split()
)
"""Functions and lower-case classes that build plain values."""

PLAIN_MODULES: frozenset[str] = frozenset("typing collections.abc enum abc datetime decimal fractions numbers".split())

TRUSTED_PACKAGES: frozenset[str] = frozenset(
    "numpy scipy sklearn pandas lightgbm xgboost catboost torch torchvision statsmodels imblearn mlflow skops".split()
)
"""Packages whose classes keep data; their functions are not trusted by this."""
