"""The standard library: what runs code, opens files and connections, starts processes, or changes the interpreter.

Names of Python 2.7 to 3.14. Everything else in these modules is data, a class that keeps data, an error, or a
function that only reads: `tests/inspection/test_harm.py` walks the library and fails for what is left out.
"""

from __future__ import annotations

from app.inspection.pickles.harm.outside import OUTSIDE
from app.inspection.pickles.harm.reasons import (
    AGAIN,
    CALLS,
    CHANGES,
    CODE,
    IMPORTS,
    MEMORY,
    PACKAGES,
    REACHES,
    RUNS,
    table,
)

_RUNS = """
os posix nt: system popen popen2 popen3 popen4 execl execle execlp execlpe execv execve execvp execvpe _execvpe spawnl
    spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe _spawnvef posix_spawn posix_spawnp fork forkpty startfile
    startfile2 kill killpg abort _exit plock
subprocess: _fork_exec Popen run call check_call check_output getoutput getstatusoutput _cleanup
_posixsubprocess: fork_exec
_bootsubprocess: Popen check_output
_winapi _subprocess: CreateProcess TerminateProcess ExitProcess
pty: spawn fork
asyncio.windows_utils: Popen
commands popen2: getoutput getstatusoutput getstatus popen2 popen3 popen4 Popen3 Popen4
multiprocessing: Process Pool Manager
multiprocessing.context: BaseContext Process ForkProcess SpawnProcess ForkServerProcess DefaultContext
    _default_context
multiprocessing.process: BaseProcess
multiprocessing.pool: Pool ThreadPool worker mapstar starmapstar
multiprocessing.dummy: Pool Manager DummyProcess Process
multiprocessing.managers: BaseManager SyncManager SharedMemoryManager Server SharedMemoryServer
multiprocessing.popen_fork multiprocessing.popen_forkserver multiprocessing.popen_spawn_posix
    multiprocessing.popen_spawn_win32: Popen
multiprocessing.forkserver: ForkServer main ensure_running connect_to_new_process _serve_one
multiprocessing.resource_tracker: ResourceTracker main ensure_running
multiprocessing.spawn: spawn_main _main prepare
multiprocessing.util: spawnv_passfds _exit_function _run_finalizers close_all_fds_except close_fds _cleanup_tests
    _close_stdin
concurrent.futures.process: _process_worker _queue_management_worker _ExecutorManagerThread
webbrowser: open open_new open_new_tab main get register register_X_browsers register_standard_browsers _synthesize
    BackgroundBrowser GenericBrowser UnixBrowser Grail Konqueror Mozilla Galeon Chrome Chromium Opera Elinks Netscape
    Epiphany Edge MacOSX MacOSXOSAScript WindowsDefault
antigravity: functions
pydoc: get_pager pipe_pager plain_pager tempfile_pager tty_pager pager getpager pipepager tempfilepager ttypager
    plainpager help Helper browse cli gui serve _start_server doc apropos writedoc writedocs render_doc describe
_pyrepl: functions
mailcap: findmatch test getcaps
platform: popen _syscmd_file _syscmd_uname _syscmd_ver _Processor architecture libc_ver
_osx_support: _read_output _find_build_tool _find_executable customize_compiler customize_config_vars compiler_fixup
    _find_appropriate_compiler _remove_unsupported_archs _default_sysroot
_aix_support: _read_cmd_output _aix_bosmp64 _aix_bos_rte aix_platform aix_buildtag
uuid: _get_command_stdout _popen _ifconfig_getnode _arp_getnode _lanscan_getnode _netstat_getnode _ip_getnode
    _find_mac _find_mac_near_keyword _find_mac_under_heading
ctypes.util: find_library _findLib_gcc _findLib_ld _findLib_crle _findSoname_ldconfig _get_soname _is_elf test
ctypes._aix: find_library get_ld_headers find_shared get_shared get_libpaths
imaplib: IMAP4_stream
smtpd asyncore asynchat: SMTPServer DebuggingServer PureProxy MailmanProxy SMTPChannel dispatcher dispatcher_with_send
    file_dispatcher file_wrapper async_chat loop poll poll2 poll3 close_all
asyncio: EventLoop BaseEventLoop SelectorEventLoop ProactorEventLoop
asyncio asyncio.subprocess: create_subprocess_exec create_subprocess_shell
asyncio.unix_events asyncio.windows_events asyncio.base_subprocess asyncio.base_events asyncio.selector_events
    asyncio.proactor_events: _UnixSelectorEventLoop _UnixSubprocessTransport BaseSubprocessTransport BaseEventLoop
    BaseSelectorEventLoop BaseProactorEventLoop SelectorEventLoop ProactorEventLoop EventLoop
    _WindowsSelectorEventLoop _WindowsSubprocessTransport
idlelib turtledemo lib2to3 test.support test.libregrtest test.regrtest test.script_helper test.test_support
    test.__main__ this: *
"""

_CODE = """
builtins __builtin__: eval exec execfile compile breakpoint __build_class__ input help
runpy: run_module run_path _run_code _run_module_code _run_module_as_main _get_code_from_file _get_module_details
    _get_main_module_details
code: InteractiveInterpreter InteractiveConsole interact CommandCompiler compile_command
codeop: Compile CommandCompiler compile_command _compile _maybe_compile
marshal: load loads
timeit: _globals timeit repeat main Timer template
trace: Trace.run Trace.runctx Trace.runfunc main _find_executable_linenos find_executable_linenos
cProfile profile: run runctx main help Profile.run Profile.runctx Profile.runcall
hotshot: Profile
pdb: Pdb run runcall runctx runeval set_trace post_mortem pm main test help _ModuleTarget _ScriptTarget _ZipTarget
    _PdbInteractiveConsole _ExecutableTarget _post_mortem find_function set_default_backend
bdb: Bdb Tdb set_trace effective test
doctest: testmod testfile testsource run_docstring_examples debug debug_src debug_script DocTestRunner DebugRunner
    DocTestSuite DocFileSuite DocFileTest Tester _test _load_testfile _normalize_module _OutputRedirectingPdb
    DocTestCase DocFileCase SkipDocTestCase
py_compile: compile main
compileall: compile_dir compile_file compile_path main
dis: _try_compile dis main _test
inspect: get_annotations _signature_fromstr _main
typing typing_extensions: get_type_hints _eval_type ForwardRef._evaluate ForwardRef.evaluate evaluate_forward_ref
annotationlib: get_annotations call_annotate_function call_evaluate_function ForwardRef.evaluate
dataclasses: dataclass _process_class _create_fn _FuncBuilder
gettext: c2py
optparse: Values.read_file Values.read_module
rlcompleter: Completer
turtle: config_dict read_docstrings write_docstringdict _make_global_funcs __forwardmethods
unittest.mock: _importer _dot_lookup _get_target patch _patch
unittest unittest.main: main TestProgram
unittest.loader unittest: TestLoader findTestCases makeSuite defaultTestLoader getTestCaseNames _makeLoader
unittest.case unittest: TestCase.run TestCase.debug IsolatedAsyncioTestCase.run FunctionTestCase TextTestRunner.run
unittest.runner: TextTestRunner.run
functools: _lru_cache_wrapper
tkinter: Tk Tcl
multiprocessing.sharedctypes: make_property
unittest.mock: _set_signature _setup_func _instance_callable
posix: _emscripten_debugger
sys: breakpointhook _baserepl
posix: _inputhook
pdb: Completer
_xxsubinterpreters _interpreters _xxinterpreters: run_string run_func exec call create destroy set___main___attrs
    set_main_attrs
concurrent.interpreters: create Interpreter
cgi cgitb: test handler Hook enable
cmd: Cmd.cmdloop
idlelib: functions
_testcapi _testinternalcapi _testlimitedcapi: functions
"""

_IMPORTS = """
builtins __builtin__: __import__ reload
importlib: import_module reload __import__ find_loader
importlib.util: find_spec _find_spec LazyLoader module_from_spec set_loader set_package module_for_loader
    spec_from_file_location spec_from_loader _find_spec_from_path _module_to_load
importlib.machinery _frozen_importlib_external importlib._bootstrap_external: PathFinder.find_spec
    FileFinder.find_spec SourceFileLoader.load_module SourceFileLoader.exec_module SourceFileLoader.get_code
    SourceFileLoader.set_data SourcelessFileLoader.load_module SourcelessFileLoader.get_code
    ExtensionFileLoader.load_module ExtensionFileLoader.create_module ExtensionFileLoader.exec_module
    FileLoader.load_module FileLoader.get_data SourceLoader.exec_module _compile_bytecode _write_atomic _install
    _setup _set_bootstrap_module _bless_my_loader _fix_up_module _find_module_shim WindowsRegistryFinder
    spec_from_file_location _LoaderBasics.exec_module
_frozen_importlib importlib._bootstrap importlib.machinery imp: __import__ _gcd_import _find_and_load
    _find_and_load_unlocked _find_spec _load _load_unlocked _load_backward_compatible _load_module_shim _exec _install
    _setup _install_external_importers _call_with_frames_removed _builtin_from_name BuiltinImporter.load_module
    BuiltinImporter.create_module BuiltinImporter.exec_module FrozenImporter.load_module FrozenImporter.exec_module
    _handle_fromlist module_from_spec _find_spec_legacy _init_module_attrs _new_module _spec_from_module
    _calc___package__
importlib.abc: InspectLoader.source_to_code InspectLoader.exec_module InspectLoader.load_module Loader.load_module
    SourceLoader.set_data FileLoader.load_module ExecutionLoader.get_code
importlib.metadata: EntryPoint.load entry_points
importlib.resources importlib.resources._common importlib._common importlib.resources._legacy
    importlib.resources._functional: files path contents open_binary open_text read_binary read_text is_resource
    resolve from_package get_package get_resource_reader as_file _tempfile _get_package
_imp imp: create_dynamic create_builtin load_dynamic load_source load_compiled load_module load_package init_builtin
    init_frozen exec_dynamic exec_builtin find_module reload _fix_co_filename _override_frozen_modules_for_tests
    _override_multi_interp_extensions_check get_frozen_object
pkgutil: resolve_name find_loader get_loader get_data get_importer walk_packages iter_importers iter_modules read_code
    extend_path ImpLoader ImpImporter _get_spec _import_imp
zipimport: zipimporter.load_module zipimporter.get_code zipimporter.exec_module zipimporter.get_data _get_module_code
    _get_data _compile_source _unmarshal_code _read_directory _get_pyc_source
site: main addpackage addsitedir addsitepackages addusersitepackages execsitecustomize execusercustomize venv
    enablerlcompleter register_readline setquit setcopyright sethelper _script abs_paths removeduppaths
sitecustomize usercustomize: functions
pydoc: locate safeimport importfile resolve ispath synopsis source_synopsis ModuleScanner _url_handler
pyclbr: readmodule readmodule_ex _readmodule _main
modulefinder: ModuleFinder _find_module test
sysconfig: _init_posix
warnings _py_warnings: _getcategory _setoption _processoptions
xml.sax: _create_parser make_parser
xml.dom xml.dom.domreg: getDOMImplementation
encodings: search_function
pickle _pickle: whichmodule
distutils.core: run_setup
"""

_MEMORY = """
ctypes _ctypes ctypes._endian: _dlopen CDLL PyDLL WinDLL OleDLL LibraryLoader CFUNCTYPE PYFUNCTYPE WINFUNCTYPE
    CFuncPtr _CFuncPtr cdll pydll windll oledll pythonapi cast _cast memmove memset string_at wstring_at _string_at
    _wstring_at _memmove_addr _memset_addr _string_at_addr _wstring_at_addr py_object dlopen dlsym dlclose LoadLibrary
    FreeLibrary call_function call_cdeclfunction addressof PyObj_FromPtr Py_INCREF Py_DECREF resize _unpickle
    Structure.from_address Array.from_address DllGetClassObject memoryview_at _memoryview_at
gc: get_objects get_referrers get_referents
faulthandler: _fatal_error _fatal_error_c_thread _read_null _sigabrt _sigfpe _sigsegv _stack_overflow register
    dump_traceback dump_traceback_later enable
dl: open
"""

_REACHES = """
sys: modules meta_path path_hooks path_importer_cache _getframe _getframemodulename _current_frames
    _current_exceptions call_tracing exit _clear_type_cache _debugmallocstats monitoring remote_exec
builtins __builtin__: globals locals vars exit quit __loader__ __spec__
inspect: currentframe stack trace getouterframes getinnerframes
gc: callbacks garbage
_thread thread: exit exit_thread interrupt_main
"""

_CHANGES = """
builtins __builtin__: delattr
os posix nt: putenv unsetenv chdir fchdir umask nice setuid setgid seteuid setegid setreuid setregid setresuid
    setresgid setgroups initgroups setpgid setpgrp setsid setpriority sched_setaffinity sched_setparam
    sched_setscheduler set_inheritable set_handle_inheritable set_blocking tcsetpgrp unshare setns register_at_fork
    timerfd_create timerfd_settime timerfd_settime_ns add_dll_directory unsetenv
sys: path settrace setprofile _settraceallthreads _setprofileallthreads addaudithook setrecursionlimit
    setswitchinterval setcheckinterval setdlopenflags set_asyncgen_hooks set_coroutine_origin_tracking_depth
    set_int_max_str_digits set_coroutine_wrapper activate_stack_trampoline deactivate_stack_trampoline
    _deactivate_opcache set_lazy_imports setdefaultencoding
threading: _thread_shutdown settrace setprofile settrace_all_threads setprofile_all_threads stack_size
    _register_atexit _shutdown _after_fork
_thread thread threading: stack_size _shutdown _set_sentinel
signal _signal: signal alarm setitimer pause raise_signal pthread_kill pthread_sigmask pidfd_send_signal set_wakeup_fd
    siginterrupt sigwait sigwaitinfo sigtimedwait default_int_handler
atexit: register unregister _clear _run_exitfuncs
gc: disable freeze set_threshold set_debug
faulthandler: disable cancel_dump_traceback_later unregister
copyreg copy_reg: pickle add_extension remove_extension clear_extension_cache constructor dispatch_table
codecs _codecs: _unregister_error register register_error unregister
multiprocessing.context multiprocessing.spawn multiprocessing: set_start_method set_executable _force_start_method
    set_forkserver_preload _fixup_main_from_path _fixup_main_from_name import_main_path
multiprocessing.util multiprocessing.queues: register_after_fork
multiprocessing.reduction: register
resource: setrlimit prlimit
time: clock_settime clock_settime_ns tzset
locale _locale: setlocale _setlocale
logging: disable captureWarnings setLoggerClass setLogRecordFactory addLevelName shutdown _removeHandlerRef
logging.config: dictConfig fileConfig dictConfigClass DictConfigurator BaseConfigurator _resolve _install_handlers
    _install_loggers _clearExistingHandlers
warnings _py_warnings: resetwarnings
asyncio asyncio.events: set_event_loop set_event_loop_policy set_child_watcher
unittest unittest.main unittest.runner unittest.signals: installHandler registerResult
contextlib: chdir.__enter__
functools: update_wrapper
operator _operator: setitem delitem iadd iand iconcat ifloordiv ilshift imatmul imod imul ior ipow irshift isub
    itruediv ixor
random: _inst.seed
decimal _decimal: setcontext
email.charset: add_alias add_charset add_codec
mimetypes: add_type
calendar enum: global_enum Enum._convert_ IntEnum._convert_ IntFlag._convert_ Flag._convert_ StrEnum._convert_
abc _abc _py_abc: _abc_register _reset_registry _reset_caches ABCMeta.register
linecache: checkcache clearcache _register_code
"""

_AGAIN = """
pickle _pickle cPickle: load loads _load _loads Unpickler _Unpickler
shelve: Unpickler open Shelf BsdDbShelf DbfilenameShelf
multiprocessing.reduction: ForkingPickler
multiprocessing.connection multiprocessing.queues multiprocessing.sharedctypes: _ForkingPickler
"""

_CALLS = """
threading: _start_new_thread _start_joinable_thread
_thread thread: start_new_thread start_new start_joinable_thread
threading: Thread.run Thread.start Timer.run
weakref: finalize
multiprocessing.util multiprocessing.queues multiprocessing.pool multiprocessing.managers multiprocessing.heap:
    Finalize
sched: scheduler.run
operator _operator: call __call__
unittest.case: FunctionTestCase
contextvars _contextvars: Context.run
concurrent.futures concurrent.futures.thread concurrent.futures.process: ThreadPoolExecutor.submit
    ThreadPoolExecutor.map ProcessPoolExecutor.submit ProcessPoolExecutor.map _WorkItem.run _worker _process_chunk
asyncio asyncio.runners asyncio.threads: run Runner.run to_thread
"""

_PACKAGES = """
ensurepip: copy2 bootstrap _main _bootstrap _run_pip _uninstall_helper
ensurepip._uninstall: _main
venv: create main EnvBuilder
distutils.core: setup run_setup run_commands
distutils.spawn: spawn _spawn_posix _spawn_nt
distutils.util: execute byte_compile run_2to3 copydir_run_2to3 get_macosx_target_ver_from_syscfg
distutils.ccompiler distutils.unixccompiler distutils.cygwinccompiler distutils.msvccompiler distutils._msvccompiler:
    new_compiler CCompiler UnixCCompiler CygwinCCompiler MSVCCompiler get_versions is_cygwincc _find_exe_version
    is_cygwingcc
distutils.command distutils.sysconfig: functions
distutils.dist distutils.cmd: Distribution Command
distutils.text_file distutils.extension: TextFile read_setup_file
"""

STANDARD: dict[str, str] = {
    **table(_PACKAGES, PACKAGES),
    **table(_CALLS, CALLS),
    **table(_CHANGES, CHANGES),
    **table(_REACHES, REACHES),
    **OUTSIDE,
    **table(_IMPORTS, IMPORTS),
    **table(_AGAIN, AGAIN),
    **table(_MEMORY, MEMORY),
    **table(_CODE, CODE),
    **table(_RUNS, RUNS),
}
"""``module.name``: why. A name stands for everything that is reached through it, too."""
