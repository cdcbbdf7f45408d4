"""The tables of harmful names, held against the standard library and the lists of other scanners."""

from __future__ import annotations

import builtins
import enum
import importlib

import pytest
from picklescan import scanner

from app.inspection.pickles.gadgets import EXPECTED
from app.inspection.pickles.harm.lookup import HARM, harm
from app.inspection.pickles.policy import Level, judge_call, judge_import, modern
from tests.support.inspection.standard_library import callers, modules

HARMLESS_CALLERS = """
_osx_support._get_system_version argparse.ArgumentParser._read_args_from_files ast.parse collections.namedtuple
asyncio.unix_events.MultiLoopChildWatcher.attach_loop asyncio.unix_events.MultiLoopChildWatcher.close
asyncio.unix_events.PidfdChildWatcher._do_wait asyncio.unix_events.PidfdChildWatcher.attach_loop
asyncio.unix_events.PidfdChildWatcher.remove_child_handler asyncio.unix_events._UnixReadPipeTransport.__init__
asyncio.unix_events._UnixReadPipeTransport._read_ready asyncio.unix_events._UnixWritePipeTransport.__init__
asyncio.unix_events._UnixWritePipeTransport._write_ready asyncio.unix_events._UnixWritePipeTransport.write
asyncio.windows_events.IocpProactor._get_accept_socket asyncio.windows_utils.pipe ctypes.DllCanUnloadNow glob._iterdir
imp._HackedGetData.get_data importlib._bootstrap_external.NamespaceLoader.get_code
multiprocessing.connection.arbitrary_address multiprocessing.connection.reduce_connection
multiprocessing.forkserver.read_signed multiprocessing.forkserver.write_signed
multiprocessing.shared_memory.SharedMemory.__init__ multiprocessing.shared_memory.SharedMemory.close
multiprocessing.sharedctypes.RawArray multiprocessing.sharedctypes.RawValue multiprocessing.util.get_logger os._fwalk
os.fwalk pickle._Pickler.save_global platform._mac_ver_xml platform.freedesktop_os_release tarfile.is_tarfile
typing.ForwardRef.__init__ unittest.signals.removeHandler urllib.request.proxy_bypass_registry uu.test
zipfile.is_zipfile zoneinfo._tzpath.available_timezones zoneinfo._zoneinfo.ZoneInfo._new_instance
unittest.signals.removeHandler.inner zoneinfo._tzpath.available_timezones.valid_key
""".split()
"""What reads files, compiles without running, or needs an instance that no pickle has."""

READERS = {
    "posix": """DirEntry WCOREDUMP WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WSTOPSIG WTERMSIG
        _path_normpath access confstr cpu_count ctermid device_encoding eventfd_read fdatasync fpathconf fspath
        fstat fstatvfs fsync get_blocking get_inheritable get_terminal_size getcwd getcwdb getegid geteuid getgid
        getgrouplist getgroups getloadavg getlogin getpgid getpgrp getpid getppid getpriority getrandom getresgid
        getresuid getsid getuid getxattr isatty listdir listxattr lstat major makedev minor pathconf pidfd_open
        posix_fadvise readlink scandir sched_get_priority_max sched_get_priority_min sched_getaffinity
        sched_getparam sched_getscheduler sched_rr_get_interval sched_yield stat statvfs strerror sync sysconf
        tcgetpgrp times ttyname uname urandom wait wait3 wait4 waitid waitpid waitstatus_to_exitcode""",
    "sys": """_getquickenedcount audit displayhook exc_info excepthook exception get_asyncgen_hooks
        get_coroutine_origin_tracking_depth get_int_max_str_digits getallocatedblocks getdefaultencoding
        getdlopenflags getfilesystemencodeerrors getfilesystemencoding getprofile getrecursionlimit getrefcount
        getsizeof getswitchinterval gettrace intern is_finalizing unraisablehook""",
    "_thread": "LockType RLock _count _excepthook _local allocate allocate_lock get_ident get_native_id",
    "_signal": "getitimer getsignal sigpending strsignal valid_signals",
    "_socket": """CMSG_LEN CMSG_SPACE getdefaulttimeout gethostname getprotobyname getservbyname getservbyport htonl
        htons if_indextoname if_nameindex if_nametoindex inet_aton inet_ntoa inet_ntop inet_pton ntohl ntohs""",
    "_imp": """_frozen_module_names acquire_lock extension_suffixes find_frozen is_builtin is_frozen is_frozen_package
        lock_held release_lock source_hash""",
    "gc": """collect enable get_count get_debug get_freeze_count get_stats get_threshold is_finalized is_tracked
        isenabled unfreeze""",
    "_posixsubprocess": "",
    "marshal": "dump dumps",
    "_pickle": "PickleBuffer Pickler dump dumps",
    "_ctypes": """Array POINTER Structure Union _Pointer _SimpleCData alignment buffer_info byref get_errno pointer
        set_errno sizeof""",
    "atexit": "_ncallbacks",
    "_operator": """_compare_digest abs add and_ attrgetter concat contains countOf eq floordiv ge getitem gt index
        indexOf inv invert is_ is_not itemgetter le length_hint lshift lt matmul methodcaller mod mul ne neg not_
        or_ pos pow rshift sub truediv truth xor""",
    "_sqlite3": "Blob Cursor PrepareProtocol Row adapt complete_statement enable_callback_tracebacks",
    "resource": "getpagesize getrlimit getrusage",
    "_posixshmem": "",
    "fcntl": "",
    "mmap": "",
}
"""Modules in C that do harm, and their functions that only read."""


def test_what_calls_harmful_functions_is_harmful() -> None:
    missing = {
        f"{module}.{name}"
        for module, name, _ in callers()
        if judge_call(*modern(module, name)).level is not Level.DANGEROUS
    }
    assert missing - set(HARMLESS_CALLERS) == set()
    assert set(HARMLESS_CALLERS) - missing == set()


@pytest.mark.parametrize("module", READERS)
def test_every_function_in_c_is_harmful_or_only_reads(module: str) -> None:
    told = set(READERS[module].split())
    for name, value in vars(importlib.import_module(module)).items():
        is_plain = isinstance(value, type) and issubclass(value, BaseException | tuple)
        if callable(value) and not is_plain and not name.startswith("__"):
            assert (harm(module, name) is None) == (name in told), name


def test_other_names_of_harmful_functions_are_dangerous() -> None:
    current = dict(modules())
    own = {
        id(value): f"{module}.{name}"
        for module, each in current.items()
        for name, value in vars(each).items()
        if callable(value) and getattr(value, "__module__", None) == module and harm(module, name)
    }
    missing = {
        f"{module}.{name}": own[id(value)]
        for module, each in current.items()
        for name, value in vars(each).items()
        if id(value) in own and judge_call(*modern(module, name)).level is not Level.DANGEROUS
    }
    assert missing.keys() - {"urllib.request.proxy_bypass_environment"} == set()


def _is_data(value: object) -> bool:
    if isinstance(value, type):
        return issubclass(value, BaseException | enum.Enum)
    return isinstance(value, int | str | float | tuple | enum.Enum)


def test_errors_and_values_of_harmful_modules_are_not_dangerous() -> None:
    condemned = [
        f"{module}.{name}"
        for module, each in modules()
        for name, value in vars(each).items()
        if _is_data(value) and not name.startswith("__") and harm(module, name)
    ]
    addresses = {name for name in condemned if name.endswith("_addr")}
    assert set(condemned) - addresses == {"timeit.template"}


def test_every_module_of_the_tables_has_harmless_names_too() -> None:
    """A module condemns none of its names by itself, but for tools that no model needs."""
    families = {name.rpartition(".")[0] for name in HARM if name.endswith(".*")}
    for full in HARM:
        module = full.partition(".")[0]
        if module not in families:
            assert judge_import(module, "SomeClassOfAUser").level is not Level.DANGEROUS, module


def test_names_that_other_scanners_call_dangerous_are_judged_here() -> None:
    for module, names in scanner._unsafe_globals.items():
        each = {names} if isinstance(names, str) else names
        for name in each - {"*"}:
            current = modern(module, name)
            assert judge_call(*current).level is Level.DANGEROUS or ".".join(current) in EXPECTED, (module, name)


def test_no_builtin_that_does_harm_is_left_out() -> None:
    harmless = """abs aiter all anext any ascii bin callable chr copyright credits dir divmod format getattr hasattr
        hash hex id isinstance issubclass iter len license max min next oct ord pow print repr round setattr sorted
        sum""".split()
    functions = {name for name, value in vars(builtins).items() if callable(value) and not isinstance(value, type)}
    left = {name for name in functions if not harm("builtins", name) and not name.startswith("_")}
    assert left == set(harmless)


HONEST = """
os.getenv os.fspath os.cpu_count os.PathLike os.stat_result posixpath.join posix.getcwd subprocess.CompletedProcess
subprocess.CalledProcessError subprocess.TimeoutExpired _thread.get_ident _thread.RLock _thread.allocate_lock
threading.current_thread threading.Thread threading.Event asyncio.Queue asyncio.sleep asyncio.iscoroutinefunction
http.HTTPStatus urllib.parse.urlparse urllib.parse.ParseResult urllib.error.URLError socket.AddressFamily
socket.gethostname ssl.TLSVersion ssl.SSLError signal.Signals sys.getsizeof sys.intern platform.uname_result
platform.python_version pickle.PickleBuffer pickle.UnpicklingError ast.Module ast.literal_eval dis.Instruction
inspect.signature importlib.metadata.version importlib.machinery.ModuleSpec multiprocessing.cpu_count
multiprocessing.TimeoutError concurrent.futures.ThreadPoolExecutor concurrent.futures.process.ProcessPoolExecutor
concurrent.futures._base.Future unittest.mock.Mock sqlite3.Row sqlite3.IntegrityError zipfile.ZipInfo tarfile.TarInfo
tempfile.gettempdir glob.glob shutil.which shutil.Error linecache.cache uuid.uuid4 pathlib.PurePath.joinpath
logging.StreamHandler logging.LogRecord codecs.encode gc.collect tracemalloc.Frame code.MyModel code.train test.Net
test.models.Net test.predict trace.Net profile.Net select.Columns signal.Wavelet site.Site queue.Queue
contextlib.suppress functools.cached_property functools.wraps operator.add operator.itemgetter itertools.chain
numpy.log1p numpy.linalg.norm numpy.testing.assert_allclose numpy.float128 numpy.ctypeslib.ndpointer
numpy.lib.format.header scipy.special.expit scipy.io.matlab.MatlabFunction sklearn.datasets.load_iris
sklearn.datasets.base.Bunch sklearn.utils._testing.assert_allclose sklearn.utils.Bunch joblib.memory.Memory
joblib.memory.NotMemorizedFunc joblib.Memory joblib.logger.Logger pandas.core.computation.ops.Term
pandas.io.formats.style.Styler pandas.to_datetime torch.float8_e4m3fn torch.float4_e2m1fn_x2 torch.uint16
torch.complex32 torch.bits8 torch.nn.functional.relu torch.sigmoid torch.distributed.checkpoint.metadata.Metadata
torch.distributed.checkpoint.metadata.TensorStorageMetadata torch.distributed.fsdp.api.StateDictType
torch.distributed._tensor.DTensor torch.distributed.device_mesh.DeviceMesh torch.jit._script.RecursiveScriptModule
torch._dynamo.eval_frame.OptimizedModule torch._dynamo.decorators._DimRange torch.serialization._get_layout
torch.serialization.StorageType torch.package.GlobGroup torch.utils.data.DataLoader
torch.utils.data.datapipes.iter.callable.MapperIterDataPipe requests.Session requests.models.Response
requests.structures.CaseInsensitiveDict urllib3.util.retry.Retry httpx.Timeout aiohttp.ClientTimeout
boto3.session.Session fsspec.implementations.local.LocalFileSystem jinja2.Undefined IPython.core.display.HTML
mypackage.eval mypackage.run.spawn train.Model.eval mlflow.projects.submitted_run.SubmittedRun
mlflow.pyfunc.PythonModel
""".split()


@pytest.mark.parametrize("full", HONEST)
def test_names_that_honest_files_have_are_not_dangerous(full: str) -> None:
    module, name = (
        full.rsplit(".", 1) if full not in {"train.Model.eval", "pathlib.PurePath.joinpath"} else (full.split(".", 1))
    )
    assert judge_import(*modern(module, name)).level is not Level.DANGEROUS
    assert judge_call(*modern(module, name)).level is not Level.DANGEROUS


HOSTILE = """
os.system os.execvp os.environ.update os.putenv posix.remove nt.startfile subprocess.Popen
subprocess.Popen.communicate subprocess._fork_exec _posixsubprocess.fork_exec commands.getoutput popen2.popen2
pty.spawn multiprocessing.Process multiprocessing.util.spawnv_passfds asyncio.create_subprocess_shell
asyncio.base_events.BaseEventLoop.subprocess_shell webbrowser.open pydoc.pipepager pydoc.locate platform.popen
uuid._get_command_stdout imaplib.IMAP4_stream builtins.eval builtins.exec builtins.open builtins.__import__
builtins.compile builtins.globals builtins.delattr code.interact code.InteractiveConsole
code.InteractiveInterpreter.runcode code.compile_command test.support.script_helper.assert_python_ok runpy.run_path
timeit.timeit trace.Trace.run cProfile.run profile.runctx pdb.run bdb.Bdb.run doctest.debug_script
importlib.import_module importlib.util.find_spec importlib.machinery.SourceFileLoader.load_module pkgutil.resolve_name
zipimport.zipimporter.load_module imp.load_source socket.socket socket.create_connection ssl.get_server_certificate
http.client.HTTPConnection urllib.request.urlopen smtplib.SMTP ftplib.FTP xmlrpc.client.ServerProxy
socketserver.TCPServer shutil.rmtree shutil.move tempfile.mkstemp zipfile.ZipFile tarfile.open sqlite3.connect
mmap.mmap linecache.getlines logging.FileHandler logging.config.dictConfig io.open io.FileIO codecs.open
pathlib.Path.write_text pathlib.Path.open pathlib.PosixPath.unlink ctypes.CDLL ctypes.cdll.LoadLibrary
ctypes.string_at gc.get_objects sys.modules sys.exit sys.settrace sys._getframe sys.modules.__setitem__
_thread.start_new_thread atexit.register signal.raise_signal copyreg.pickle copyreg.dispatch_table pickle.loads
pickle.Unpickler _pickle.load shelve.open marshal.loads weakref.finalize operator.setitem operator.__setitem__
operator.iadd operator.call functools.update_wrapper json.dumps.__globals__ json.decoder.os logging.sys
typing.get_type_hints dataclasses._create_fn threading._start_new_thread tkinter.Tk turtle.config_dict
multiprocessing.sharedctypes.make_property numpy.load numpy.memmap numpy.save numpy.f2py.crackfortran.getlincoef
numpy.testing._private.utils.runstring numpy.ctypeslib.load_library numpy.distutils.exec_command.exec_command
scipy.io.savemat sklearn.datasets.fetch_openml sklearn.utils._testing.assert_run_python_script joblib.load
joblib.numpy_pickle.load sklearn.externals.joblib.load joblib.memory.MemorizedResult.get pandas.eval
pandas.read_pickle pandas.read_csv pandas.core.frame.DataFrame.to_csv pandas.core.frame.DataFrame.query
pandas.io.common.get_handle pandas.io.clipboard.init_xclip_clipboard pandas.core.computation.eval.eval torch.load
torch.save torch.hub.load torch.jit.load torch.jit.script torch.compile torch.serialization.load
torch.utils.cpp_extension.load torch.package.PackageImporter torch._inductor.codecache.compile_file
torch.distributed.rpc.init_rpc torch.distributed.launcher.api.launch_agent torch.utils.collect_env.run
torch.storage.UntypedStorage.from_file cloudpickle.loads dill.load dill._dill.Unpickler dill.session.load_session
mlflow.pyfunc.load_model mlflow.projects.run mlflow.utils.process._exec_cmd requests.get requests.api.post
requests.Session.get urllib3.PoolManager.request httpx.get boto3.client paramiko.ProxyCommand sh.rm fabric.api.run
pexpect.spawn pip.main setuptools.setup IPython.start_ipython jinja2.Template mako.template.Template numexpr.evaluate
cffi.FFI jsonpickle.decode enum.Enum._convert_ dataclasses.dataclass six.exec_ six.moves.builtins.eval attr.make_class
numpy.compat.py3k.npy_load_module numpy.lib.npyio.urlopen sklearn.datasets._base.urlretrieve joblib.disk.delete_folder
picklescan.scanner._unsafe_globals app.inspection.limits.Limits sys.path.insert warnings.filters.append
os.path.os.system
""".split()


def _split(full: str) -> tuple[str, str]:
    """The longest module by which the name is dangerous: it tells no module from a class."""
    steps = full.split(".")
    for end in range(len(steps) - 1, 0, -1):
        module, name = ".".join(steps[:end]), ".".join(steps[end:])
        if judge_call(*modern(module, name)).level is Level.DANGEROUS:
            return module, name
    return full.rsplit(".", 1)[0], steps[-1]


@pytest.mark.parametrize("full", HOSTILE)
def test_names_that_do_harm_are_dangerous(full: str) -> None:
    assert judge_call(*modern(*_split(full))).level is Level.DANGEROUS
