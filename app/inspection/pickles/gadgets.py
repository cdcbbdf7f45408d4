"""Names by which a pickle gets more than data, with the reason, and names that honest files need.

Kept as data so that a review is a reading. Sources: the documentation of the modules of Python and of the libraries;
what the lists of picklescan and fickling name was looked up in the modules themselves.
"""

from __future__ import annotations

_RUNS = "runs commands or programs"
_CODE = "runs code from text or bytes"
_IMPORTS = "imports modules by name"
_NETWORK = "talks to the network"
_FILES = "reads or writes files"
_MEMORY = "reaches memory and native libraries"
_REACHES = "reaches the inside of running programs"
_AGAIN = "loads another pickle that nobody has looked at"
_PACKAGES = "installs or builds packages"
_BLINDS = "reaches the scanners themselves"


def _all(names: str, why: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


MODULES: dict[str, str] = {
    **_all("os posix nt subprocess _posixsubprocess pty commands popen2 multiprocessing _multiprocessing", _RUNS),
    **_all("concurrent.futures pexpect sh plumbum fabric paramiko invoke _osx_support _aix_support _pyrepl", _RUNS),
    **_all("webbrowser antigravity idlelib pydoc venv turtledemo", _RUNS),
    **_all("runpy code codeop marshal timeit trace cProfile profile pdb bdb doctest unittest test", _CODE),
    **_all("lib2to3 py_compile compileall dis ast symtable IPython jinja2 mako cffi numexpr", _CODE),
    **_all(
        "importlib _frozen_importlib _frozen_importlib_external _imp imp pkgutil zipimport site sitecustomize", _IMPORTS
    ),
    **_all("socket _socket ssl _ssl http urllib urllib2 urllib3 requests aiohttp httpx httplib httplib2", _NETWORK),
    **_all(
        "smtplib imaplib poplib ftplib telnetlib nntplib xmlrpc socketserver asyncio _asyncio select selectors",
        _NETWORK,
    ),
    **_all("boto3 botocore websocket websockets syslog", _NETWORK),
    **_all("shutil tempfile fileinput glob filecmp linecache zipfile tarfile sqlite3 _sqlite3 dbm mmap", _FILES),
    **_all("fcntl platform pipes smart_open fsspec", _FILES),
    **_all("ctypes _ctypes gc faulthandler _testcapi _xxsubinterpreters", _MEMORY),
    **_all("sys _thread threading signal _signal atexit tracemalloc sched pyclbr", _REACHES),
    **_all("pickle _pickle shelve jsonpickle klepto", _AGAIN),
    **_all("pip ensurepip setuptools pkg_resources distutils conda easy_install _distutils_hack", _PACKAGES),
    **_all("fickling picklescan modelscan modelaudit app.inspection", _BLINDS),
    **_all("numpy.f2py numpy.distutils numpy.testing numpy.ctypeslib scipy._lib._testutils scipy.weave", _CODE),
    **_all("torch.hub torch.jit torch._dynamo torch._inductor torch.utils.cpp_extension torch.fx.experimental", _CODE),
    **_all("torch.utils.bottleneck torch.utils.collect_env torch.utils._config_module torch.distributed", _RUNS),
    **_all("torch.serialization torch.package torch.utils.data.datapipes torch.utils.model_zoo", _AGAIN),
    **_all("pandas.core.computation pandas.compat.pickle_compat pandas.io", _FILES),
    **_all("sklearn.datasets sklearn.utils._testing scipy.io scipy.datasets joblib.memory joblib.test", _FILES),
    **_all("mlflow.projects mlflow.cli mlflow.server mlflow.utils.process", _RUNS),
}
"""A module, and everything below it."""

NAMES: dict[str, str] = {
    **_all("pandas.eval pandas.DataFrame.eval pandas.DataFrame.query pandas.core.frame.DataFrame.eval", _CODE),
    **_all("pandas.core.frame.DataFrame.query torch.compile torch.jit numpy.lib.utils.safe_eval", _CODE),
    **_all("pandas.read_pickle torch.load numpy.load numpy.loads numpy.lib.npyio.load joblib.load", _AGAIN),
    **_all("numpy.lib._npyio_impl.load joblib.numpy_pickle.load joblib.numpy_pickle.NumpyUnpickler", _AGAIN),
    **_all(
        "joblib.numpy_pickle_compat.load_compatibility cloudpickle.load cloudpickle.loads dill.loads dill.load", _AGAIN
    ),
    **_all(
        "joblib.numpy_pickle_compat.ZipNumpyUnpickler joblib.numpy_pickle._unpickle xgboost.core.Booster.load_model",
        _AGAIN,
    ),
    **_all("numpy.memmap numpy.fromfile numpy.save numpy.savez numpy.savetxt numpy.loadtxt numpy.genfromtxt", _FILES),
    **_all("numpy.DataSource numpy.ndarray.tofile numpy.ndarray.dump joblib.dump torch.save torch.from_file", _FILES),
    **_all(
        "pandas.read_csv pandas.read_html pandas.read_json pandas.read_parquet pandas.read_sql pandas.HDFStore", _FILES
    ),
    **_all("pandas.ExcelWriter pandas.read_xml pandas.read_excel pandas.read_feather pandas.read_hdf", _FILES),
    **_all("io.open io.open_code io.FileIO _io.open _io.open_code _io.FileIO codecs.open pathlib.Path.open", _FILES),
    **_all("logging.FileHandler logging.config logging.handlers logging.basicConfig", _FILES),
    **_all("types.FunctionType.__globals__ operator.call _operator.call functools._lru_cache_wrapper", _CODE),
    **_all(
        "typing.get_type_hints typing.ForwardRef._evaluate inspect.get_annotations dataclasses.make_dataclass", _CODE
    ),
    **_all("copyreg.add_extension copyreg.pickle copyreg.remove_extension", _REACHES),
}
"""One name, and everything reached through it."""

ONLY: dict[str, frozenset[str]] = {
    "_io": frozenset({"BytesIO", "StringIO"}),
    "io": frozenset({"BytesIO", "StringIO"}),
    "uuid": frozenset({"UUID", "SafeUUID"}),
    "pathlib": frozenset({"Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"}),
    "logging": frozenset({"Logger", "getLogger", "RootLogger", "Formatter", "NullHandler", "StreamHandler", "Manager"}),
    "inspect": frozenset({"Signature", "Parameter", "_ParameterKind", "_empty"}),
    "cloudpickle": frozenset({"cloudpickle", "cloudpickle_fast"}),
    "dill": frozenset({"_dill"}),
}
"""Modules of which honest files need these names only."""

ATTRIBUTES: frozenset[str] = frozenset(
    """os sys posix nt subprocess importlib builtins __builtins__ __builtin__ shutil socket ctypes pty runpy marshal
    system popen Popen spawn eval exec execfile __import__ import_module __globals__ __subclasses__ __loader__ __spec__
    __code__ __dict__ __getattribute__ __getattr__ __reduce__ __reduce_ex__ __mro__ __bases__ __base__ f_globals
    gi_frame cr_frame func_globals modules load_module find_class check_output check_call""".split()
)
"""Steps that lead out of whatever carries them, as in ``logging.os.system``."""

HARMLESS: frozenset[str] = frozenset(
    """__new__ __init__ __repr__ __str__ __hash__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __len__ __format__
    __contains__ __iter__ __doc__ __name__ __qualname__ __module__""".split()
)
"""Steps with two underscores that classes written by value carry."""

BUILTIN_CONSTRUCTORS: frozenset[str] = frozenset(
    """bool int float complex str bytes bytearray list tuple set frozenset dict object slice range type property
    classmethod staticmethod super NoneType Ellipsis NotImplemented iter reversed enumerate zip memoryview
    BaseException Exception ArithmeticError AssertionError AttributeError BlockingIOError BrokenPipeError BufferError
    BytesWarning ChildProcessError ConnectionError DeprecationWarning EOFError EnvironmentError FileExistsError
    FileNotFoundError FloatingPointError FutureWarning IOError ImportError ImportWarning IndexError InterruptedError
    KeyError LookupError MemoryError ModuleNotFoundError NameError NotImplementedError OSError OverflowError
    PendingDeprecationWarning PermissionError RecursionError ReferenceError ResourceWarning RuntimeError
    RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning TimeoutError TypeError UnicodeError
    UnicodeDecodeError UnicodeEncodeError UserWarning ValueError Warning ZeroDivisionError""".split()
)
"""What builds a plain value, and may be called."""

BUILTIN_VALUES: frozenset[str] = frozenset(
    """abs all any ascii bin callable chr divmod filter format hash hex id isinstance issubclass len map max min next
    oct ord pow print repr round sorted sum getattr""".split()
)
"""Functions that a model may keep, as FunctionTransformer(abs) does, but that loading has no reason to call."""

_OWN_CODE = "brings Python code of its own, which imports cannot judge"

EXPECTED: dict[str, str] = {
    **{
        f"cloudpickle.{module}.{name}": _OWN_CODE
        for module in ("cloudpickle", "cloudpickle_fast")
        for name in """_make_function _make_skel_func _fill_function _function_setstate _class_setstate _builtin_type
        _make_skeleton_class _make_skeleton_enum _rehydrate_skeleton_class _make_typevar _make_cell _make_empty_cell
        _empty_cell_value _cell_set cell_set subimport dynamic_subimport _make_dict_keys _make_dict_values
        _make_dict_items _get_bases _gen_ellipsis _gen_not_implemented instance _PICKLE_BY_VALUE_MODULES
        _file_reconstructor""".split()
    },
    **{
        f"dill._dill.{name}": _OWN_CODE
        for name in """_create_function _create_code _create_cell _create_type _load_type _create_namedtuple
        _create_array _create_lock _create_rlock _create_dtypemeta _create_ftype _create_weakref""".split()
    },
    **_all("types.CodeType types.FunctionType types.LambdaType types.MethodType types.CellType", _OWN_CODE),
    "builtins.getattr": "looks up an attribute, as pickles of bound methods and members of enumerations do",
    "functools.partial": "binds arguments to a function",
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
    _codecs.encode copyreg._reconstructor copyreg.__newobj__ copyreg.__newobj_ex__ re._compile _io.BytesIO io.BytesIO
    numpy.dtype numpy.ndarray numpy.matrix numpy.core.multiarray._reconstruct numpy.core.multiarray.scalar
    numpy._core.multiarray._reconstruct numpy._core.multiarray.scalar numpy.core.numeric._frombuffer
    numpy._core.numeric._frombuffer numpy.random._pickle.__randomstate_ctor numpy.random._pickle.__generator_ctor
    numpy.random._pickle.__bit_generator_ctor numpy.ma.core._mareconstruct numpy.ma._mareconstruct
    numpy.bool numpy.bool_ numpy.int8 numpy.int16 numpy.int32 numpy.int64 numpy.uint8 numpy.uint16 numpy.uint32
    numpy.uint64 numpy.float16 numpy.float32 numpy.float64 numpy.complex64 numpy.complex128 numpy.str_ numpy.object_
    numpy.bytes_ numpy.datetime64 numpy.timedelta64
    scipy.sparse._csr.csr_matrix scipy.sparse._csc.csc_matrix scipy.sparse._coo.coo_matrix scipy.sparse.csr.csr_matrix
    scipy.sparse._csr.csr_array scipy.sparse._csc.csc_array scipy.sparse._coo.coo_array
    pandas.core.indexes.base._new_Index pandas._libs.internals._unpickle_block pandas.core.indexes.base.Index
    pandas._libs.arrays.__pyx_unpickle_NDArrayBacked pandas._libs.tslibs.timestamps._unpickle_timestamp
    pandas._libs.tslibs.timedeltas._timedelta_unpickle pandas.core.internals.blocks.new_block
    torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3
    torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state torch._utils._rebuild_qtensor
    torch._utils._rebuild_sparse_tensor torch._utils._rebuild_meta_tensor_no_storage torch._tensor._rebuild_from_type_v2
    torch.device torch.dtype torch.Size torch.serialization._get_layout torch._C._nn.gelu torch.float torch.float16
    torch.float32 torch.float64 torch.bfloat16 torch.int8 torch.int16 torch.int32 torch.int64 torch.uint8 torch.bool
    torch.jit._pickle.build_intlist torch.jit._pickle.build_tensorlist torch.jit._pickle.build_doublelist
    torch.jit._pickle.build_boollist torch.jit._pickle.build_tensor_from_id torch.jit._pickle.restore_type_tag
    joblib.numpy_pickle.NumpyArrayWrapper uuid.UUID pyarrow.lib._restore_array pyarrow.lib.type_for_alias
    pyarrow.lib.py_buffer pyarrow.lib._datatype_to_pep3118 pyarrow.lib.list_ pyarrow.lib.timestamp
    pathlib.PosixPath pathlib.PurePosixPath pathlib.WindowsPath pathlib.Path
    zoneinfo.ZoneInfo._unpickle datetime.timezone datetime.datetime datetime.date datetime.timedelta
    datetime.time fractions.Fraction decimal.Decimal""".split()
)
"""Functions and lower-case classes that build plain values."""

PLAIN_MODULES: frozenset[str] = frozenset("typing collections.abc enum abc datetime decimal fractions numbers".split())

TRUSTED_PACKAGES: frozenset[str] = frozenset(
    "numpy scipy sklearn pandas lightgbm xgboost catboost torch torchvision statsmodels imblearn mlflow skops".split()
)
"""Packages whose classes keep data; their functions are not trusted by this."""

USED_AS_VALUES: frozenset[str] = frozenset("operator _operator functools itertools types".split())
"""Modules whose functions models keep without calling them while they are loaded."""

UNCALLABLE: frozenset[str] = frozenset(
    "functools.reduce _functools.reduce itertools.starmap itertools.accumulate itertools.takewhile".split()
)
