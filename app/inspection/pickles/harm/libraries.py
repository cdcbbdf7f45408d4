"""Libraries that models are saved with, or that a model's machine may have: what does harm when a pickle calls it."""

from __future__ import annotations

from app.inspection.pickles.harm.reasons import (
    AGAIN,
    BLINDS,
    CHANGES,
    CODE,
    FILES,
    IMPORTS,
    MEMORY,
    NETWORK,
    PACKAGES,
    RUNS,
    table,
)

_RUNS = """
pexpect: spawn spawnu run runu
pexpect.pty_spawn pexpect.popen_spawn pexpect.run: spawn PopenSpawn run runu
sh: functions
plumbum plumbum.machines.local: local LocalMachine LocalCommand cmd
fabric fabric.api fabric.operations: run local sudo Connection execute
invoke invoke.context: run sudo task Context.run
paramiko paramiko.proxy: ProxyCommand
mlflow.projects: run
mlflow.utils.process: _exec_cmd exec_cmd
mlflow.cli mlflow.server mlflow.projects.backend mlflow.projects.utils mlflow.projects.databricks: functions
torch.utils.bottleneck: *
torch.utils.collect_env: functions
torch.distributed.launch torch.distributed.run torch.distributed.launcher torch.distributed.elastic: functions
torch.distributed.elastic.multiprocessing: start_processes PContext MultiprocessContext SubprocessContext
torch.distributed.launcher.api: elastic_launch launch_agent
torch.multiprocessing torch.multiprocessing.spawn: spawn start_processes ProcessContext Process Pool
pandas.io.clipboard pandas.io.clipboards: functions
pandas.util._tester pandas: test
joblib.externals.loky.backend.popen_loky_posix joblib.externals.loky.backend.popen_loky_win32: Popen main
joblib.externals.loky.backend.spawn joblib.externals.loky.backend.fork_exec
    joblib.externals.loky.backend.resource_tracker: functions
sklearn.utils._testing: assert_run_python_script assert_run_python_script_without_output
gpustat psutil: Popen
gensim.utils: check_output
nltk.internals: java
spacy.util spacy.cli._util: run_command
IPython.utils.process IPython.utils._process_posix IPython.utils._process_common: functions
"""

_CODE = """
numpy.f2py numpy.distutils scipy.weave: *
numpy.testing numpy.testing.utils numpy.testing._private.utils: runstring rundocs measure run_threaded
    check_support_sve _assert_valid_refcount
numpy.testing._private.extbuild numpy.testing._private.nosetester numpy.testing.nosetester: functions
numpy.testing._private.nosetester numpy.testing: NoseTester Tester run_module_suite
scipy._lib._testutils: PytestTester _TestPythranFunc
numpy.lib.utils numpy.lib._utils_impl: source info lookfor
pandas pandas.core.computation.eval pandas.core.computation.api: eval
pandas.core.frame.DataFrame pandas.DataFrame: eval query
pandas.core.computation: functions
pandas.core.computation.expr: Expr PandasExprVisitor BaseExprVisitor PythonExprVisitor
pandas.core.computation.scope: Scope ensure_scope
numexpr numexpr.necompiler: evaluate re_evaluate validate NumExpr stringToExpression
torch: compile _compile
torch.jit: script trace trace_module CompilationUnit _script_if_tracing interface fork freeze optimize_for_inference
torch.jit.unsupported_tensor_ops: execWrapper
torch.jit.frontend torch.jit.annotations torch.jit._script torch.jit._trace torch.jit._recursive torch.jit._check
    torch.jit.quantized torch.jit._monkeytype_config: functions
torch.jit.annotations: EvalEnv
torch._C: CompilationUnit import_ir_module import_ir_module_from_buffer _jit_script_compile _jit_import_functions
    _import_ir_module_from_package parse_ir _parse_source_def
torch._dynamo torch._inductor torch.utils.cpp_extension torch.fx.experimental torch._functorch._aot_autograd:
    functions
torch._dynamo.guards torch._dynamo.debug_utils: GuardBuilder BuckTargetWriter NNModuleToString
torch._inductor.codecache: PyCodeCache CppCodeCache CUDACodeCache AsyncCompile CppWrapperCodeCache
torch.fx.experimental.symbolic_shapes: ShapeEnv.evaluate_guards_expression ShapeEnv.evaluate_expr
    ShapeEnv.evaluate_guards_for_args ShapeEnv.deserialize_symexpr ShapeEnv.produce_guards_expression
torch.testing._internal: functions
IPython: start_ipython start_kernel embed embed_kernel InteractiveShell
IPython.core.interactiveshell IPython.terminal.interactiveshell IPython.terminal.embed: InteractiveShell
    TerminalInteractiveShell InteractiveShellEmbed embed
jinja2 jinja2.environment: Template Template.from_code Environment.from_string Environment.compile_expression
mako.template mako.lookup mako.runtime: Template ModuleTemplate TemplateLookup
mako.template: _compile_text _compile_module_file
six sklearn.externals.six: exec_
six.moves sklearn.externals.six.moves past.builtins: *
attr attrs attr._make attr._next_gen: make_class s define frozen mutable attrs _ClassBuilder _make_init
    _compile_and_eval
pytest nose: main run
dill.source dill._dill: importable _eval_repr
transformers.dynamic_module_utils: get_class_from_dynamic_module get_class_in_module
tensorflow.python.autograph.pyct.loader: load_source load_ast
keras.utils keras.src.utils.python_utils tensorflow.keras.utils: func_load
keras.config keras.src.saving.serialization_lib: enable_unsafe_deserialization
sympy sympy.core.sympify sympy.parsing.sympy_parser: sympify parse_expr eval_expr
sympy.utilities.lambdify sympy: lambdify
jax._src.test_util: functions
yaml: unsafe_load unsafe_load_all load_all full_load UnsafeLoader
"""

_AGAIN = """
numpy: load loads
numpy.lib.npyio numpy.lib._npyio_impl: load NpzFile
numpy.lib.format numpy.lib._format_impl: read_array open_memmap
numpy.core.multiarray numpy._core.multiarray numpy.core numpy._core numpy.core._methods numpy._core._methods: loads
    _load _loads
pandas pandas.io.pickle pandas.io.api: read_pickle
pandas.compat.pickle_compat: load loads Unpickler patch_pickle
joblib joblib.numpy_pickle: load load_temporary_memmap
joblib.numpy_pickle: NumpyUnpickler _unpickle
joblib.numpy_pickle_compat: load_compatibility ZipNumpyUnpickler
joblib.memory: Memory.reduce_size Memory.clear MemorizedResult.get MemorizedFunc.call MemorizedFunc.__call__
    extract_first_line expires_after
joblib._store_backends: StoreBackendMixin.load_item FileSystemStoreBackend.load_item concurrency_safe_write_rename
joblib.externals.loky.cloudpickle_wrapper: _reconstruct_wrapper
distributed.protocol.pickle distributed.protocol pyspark.serializers nltk.data: loads load
joblib.externals.loky.backend.reduction joblib.pool joblib._memmapping_reducer: loads reduce_array_memmap_backward
    _strided_from_memmap
cloudpickle cloudpickle.cloudpickle cloudpickle.cloudpickle_fast: load loads
dill dill._dill: load loads load_module load_session load_module_asdict Unpickler loadobj
dill.session dill.temp dill.source: functions
torch torch.serialization: load _load _legacy_load
torch._weights_only_unpickler: load Unpickler
torch.jit torch.jit._serialization: load jit_module_from_flatbuffer
torch.package torch.package.package_importer: PackageImporter
torch.export torch.export.pt2_archive._package torch._export.serde.serialize: load load_pt2 deserialize_torch_artifact
torch.utils.model_zoo torch.hub: *
torch.utils._config_module: ConfigModule ConfigModule.load_config
torch.utils.data.datapipes.utils.decoder: functions
torch.distributed.distributed_c10d: _tensor_to_object
torch.distributed.rpc.internal: deserialize _internal_rpc_pickler _run_function
torch.distributed.checkpoint.state_dict_loader torch.distributed.checkpoint.format_utils torch.distributed.checkpoint:
    load load_state_dict dcp_to_torch_save torch_save_to_dcp
xgboost.core.Booster xgboost.Booster xgboost.sklearn.XGBModel: load_model
lightgbm.basic lightgbm.engine: load_model
mlflow.pyfunc mlflow.sklearn mlflow.pytorch mlflow.xgboost mlflow.lightgbm mlflow.catboost mlflow.spark mlflow.keras
    mlflow.tensorflow mlflow.statsmodels mlflow.transformers mlflow.langchain mlflow.pyfunc.model mlflow.spacy:
    load_model _load_pyfunc _load_model_from_local_file spark_udf load_pyfunc
mlflow.pyfunc.utils.data_validation mlflow.models.utils: _load_context_model_and_signature
keras.models keras.saving keras.src.saving keras.src.saving.saving_api tensorflow.keras.models
    tensorflow.python.keras.saving.save: load_model
tensorflow tensorflow.saved_model: load load_v2
tensorflow.raw_ops tensorflow: load_op_library load_library
jsonpickle jsonpickle.unpickler: decode loads Unpickler
klepto: functions
skops.io skops.io._persist: load loads
spacy spacy.util: load load_model load_model_from_path
gensim.utils: unpickle SaveLoad.load
statsmodels.iolib.smpickle statsmodels.iolib.api: load_pickle
"""

_FILES = """
numpy: memmap fromfile save savez savez_compressed savetxt loadtxt genfromtxt fromregex DataSource recfromcsv
    recfromtxt core.memmap
numpy.lib.npyio numpy.lib._npyio_impl: save savez savez_compressed savetxt loadtxt genfromtxt fromregex recfromcsv
    recfromtxt DataSource
numpy.lib._datasource numpy.lib.npyio numpy.DataSource: DataSource Repository open
numpy.lib.format numpy.lib._format_impl: write_array
numpy.core.memmap numpy._core.memmap: memmap
numpy.core.multiarray numpy._core.multiarray numpy.core._multiarray_umath numpy._core._multiarray_umath: fromfile
numpy.core.records numpy._core.records numpy.rec: fromfile
numpy.ndarray: tofile dump
scipy.io scipy.io.matlab scipy.io.matlab._mio scipy.io._mmio scipy.io._fast_matrix_market scipy.io.wavfile
    scipy.io._idl scipy.io._netcdf scipy.io.arff scipy.io._harwell_boeing scipy.io._fortran: loadmat savemat whosmat
    mmread mmwrite mminfo read write readsav netcdf_file netcdf_variable loadarff hb_read hb_write FortranFile
scipy.sparse scipy.sparse._matrix_io: load_npz save_npz
scipy.datasets sklearn.datasets.base sklearn.datasets._base sklearn.datasets: fetch_20newsgroups
    fetch_20newsgroups_vectorized fetch_california_housing fetch_covtype fetch_kddcup99 fetch_lfw_pairs
    fetch_lfw_people fetch_olivetti_faces fetch_openml fetch_rcv1 fetch_species_distributions fetch_file load_files
    load_svmlight_file load_svmlight_files dump_svmlight_file clear_data_home get_data_home _fetch_remote
    load_csv_data clear_cache download_all
joblib joblib.numpy_pickle: dump
dill._dill: _create_filehandle
joblib.disk: delete_folder mkdirp rm_subdirs memstr_to_bytes
joblib.memory: Memory.cache.cache_clear
torch torch.serialization: save _save _legacy_save _open_file _open_file_like _open_zipfile_writer
    _open_zipfile_writer_file _open_file.__init__ from_file
torch.storage: UntypedStorage.from_file TypedStorage.from_file
torch._C: PyTorchFileReader PyTorchFileWriter _load_for_lite_interpreter
torch.jit torch.jit._serialization: save save_jit_module_to_flatbuffer
torch.package torch.package.package_exporter: PackageExporter
torch.multiprocessing.reductions: rebuild_storage_fd rebuild_storage_filename
pandas pandas.io.api: read_csv read_table read_fwf read_html read_json read_parquet read_orc read_sql read_sql_query
    read_sql_table read_xml read_excel read_feather read_hdf read_sas read_spss read_stata read_gbq read_clipboard
    HDFStore ExcelFile ExcelWriter to_pickle
pandas.io.pickle pandas.io.common pandas.io.parsers.readers pandas.io.pytables pandas.io.sql pandas.io.html
    pandas.io.json._json pandas.io.parquet pandas.io.xml pandas.io.excel._base pandas.io.feather_format pandas.io.orc
    pandas.io.sas.sasreader pandas.io.spss pandas.io.stata pandas.io.gbq: to_pickle get_handle urlopen read_csv
    read_table read_fwf TextFileReader HDFStore read_hdf to_hdf read_sql read_sql_query read_sql_table to_sql execute
    read_html read_json to_json JsonReader read_parquet to_parquet read_xml read_excel ExcelFile ExcelWriter
    read_feather to_feather read_orc to_orc read_sas read_spss read_stata StataWriter StataReader StataWriterUTF8
    read_gbq to_gbq get_filepath_or_buffer _maybe_memory_map _BytesZipFile _BytesTarFile _IOWrapper
polars: read_csv read_parquet read_ipc read_json read_excel read_database scan_csv scan_parquet
pyarrow pyarrow.lib: memory_map create_memory_map OSFile MemoryMappedFile output_stream input_stream
pyarrow.fs pyarrow._fs: LocalFileSystem.delete_file LocalFileSystem.delete_dir copy_files
h5py h5py._hl.files: File
smart_open smart_open.smart_open_lib: open
fsspec fsspec.core: open open_files open_local url_to_fs get_fs_token_paths filesystem
tensorflow.io tensorflow.python.ops.gen_io_ops tensorflow.raw_ops: read_file write_file ReadFile WriteFile
tensorflow.io.gfile tensorflow.python.lib.io.file_io: GFile remove rmtree rename copy makedirs mkdir FileIO
xgboost.core lightgbm.basic: _load_lib
PIL.Image: open
cv2: imread imwrite imwritemulti
"""

_NETWORK = """
requests requests.api: get post put patch delete head options request
requests.sessions.Session requests.Session: get post put patch delete head options request send
urllib3: request PoolManager.request
urllib3.poolmanager.PoolManager urllib3.connectionpool.HTTPConnectionPool: request urlopen
urllib3.connection urllib3.util.connection: create_connection
httpx httpx._api: get post put patch delete head options request stream
httplib2: Http.request
aiohttp aiohttp.client: request
aiohttp.web: run_app
websocket websocket._core: create_connection
websockets: connect serve unix_connect unix_serve
boto3: client resource setup_default_session
botocore.session: get_session
paramiko paramiko.client: SSHClient.connect Transport
torch.distributed torch.distributed.distributed_c10d: init_process_group new_group broadcast_object_list
    all_gather_object gather_object scatter_object_list send_object_list recv_object_list monitored_barrier
    destroy_process_group
torch.distributed.rpc torch.distributed.rpc.api: init_rpc remote rpc_async rpc_sync shutdown _invoke_rpc
torch.distributed torch._C._distributed_c10d: TCPStore FileStore PrefixStore
huggingface_hub huggingface_hub.file_download huggingface_hub._snapshot_download: hf_hub_download snapshot_download
    cached_download
mlflow.artifacts mlflow.tracking.artifact_utils: download_artifacts _download_artifact_from_uri
keras.utils keras.src.utils.file_utils tensorflow.keras.utils: get_file
nltk nltk.downloader: download
torchvision.datasets.utils: download_url download_and_extract_archive
"""

_MEMORY = """
numpy.ctypeslib numpy.ctypeslib._ctypeslib: load_library ctypes_load_library as_array
dill._dill: _create_capsule
cffi cffi.api: FFI verify
cffi.verifier: Verifier
_cffi_backend: load_library FFI from_handle
torch.classes torch.ops torch._ops torch._classes: load_library loaded_libraries _Ops.load_library
    _Classes.load_library
torch.cuda.memory torch.cuda: caching_allocator_delete change_current_allocator CUDAPluggableAllocator
torch.multiprocessing.reductions: rebuild_cuda_tensor
numba.core.runtime.nrtopt llvmlite.binding: load_library_permanently
xgboost.libpath lightgbm.libpath: functions
"""

_PACKAGES = """
pip conda easy_install _distutils_hack: *
setuptools: setup
setuptools.command setuptools.package_index setuptools.sandbox setuptools.msvc setuptools.archive_util setuptools.dist
    setuptools.build_meta setuptools.launch setuptools.installer setuptools.namespaces: functions
setuptools.sandbox setuptools.archive_util: DirectorySandbox AbstractSandbox unpack_archive
pkg_resources: require run_script load_entry_point get_provider resource_filename working_set run_main
mlflow.utils.virtualenv mlflow.utils.conda mlflow.utils.requirements_utils: functions
"""

_CHANGES = """
torch.serialization: add_safe_globals clear_safe_globals safe_globals register_package set_default_load_endianness
    set_default_mmap_options
joblib joblib.parallel joblib.compressor: register_parallel_backend register_compressor register_store_backend
joblib.memory: register_store_backend
cloudpickle cloudpickle.cloudpickle: register_pickle_by_value unregister_pickle_by_value
keras.src.saving.object_registration keras.saving tensorflow.keras.utils: register_keras_serializable
"""

_IMPORTS = """
joblib.externals.loky.backend.spawn: prepare get_preparation_data
numpy.testing: import_nose
sklearn.utils.discovery sklearn.utils: all_estimators all_functions all_displays
mlflow.utils.class_utils: _get_class_from_string
mlflow.utils.model_utils: _add_code_to_system_path _validate_and_copy_code_paths _add_code_from_conf_to_system_path
transformers.utils.import_utils: direct_transformers_import
hydra.utils hydra._internal.instantiate._instantiate2 hydra._internal.utils: instantiate call get_class get_method
    get_object _locate
importlib_metadata: EntryPoint.load
numpy.compat numpy.compat.py3k: npy_load_module open_latin1
werkzeug.utils django.utils.module_loading pydantic.utils pydantic.v1.utils pydantic._internal._validators
    airflow.utils.module_loading: import_string
traitlets.utils.importstring IPython.utils.importstring: import_item
twisted.python.reflect: namedAny namedModule namedObject requireModule
dask.utils: import_required
mlflow.utils.lazy_load: LazyLoader
"""

_BLINDS = """
fickling picklescan modelscan modelaudit app.inspection: *
"""

LIBRARIES: dict[str, str] = {
    **table(_BLINDS, BLINDS),
    **table(_CHANGES, CHANGES),
    **table(_PACKAGES, PACKAGES),
    **table(_IMPORTS, IMPORTS),
    **table(_NETWORK, NETWORK),
    **table(_FILES, FILES),
    **table(_MEMORY, MEMORY),
    **table(_AGAIN, AGAIN),
    **table(_CODE, CODE),
    **table(_RUNS, RUNS),
}
"""``module.name``: why; what libraries hold beyond this is at most suspicious, since no list has all of them."""

WRITERS: frozenset[str] = frozenset(
    """to_pickle to_csv to_hdf to_sql to_parquet to_feather to_excel to_json to_stata to_html to_latex to_markdown
    to_xml to_orc to_clipboard to_gbq tofile dump save savez save_model dump_model write_text write_bytes
    write_parquet write_csv write_ipc write_json open unlink rmdir rename replace touch mkdir chmod lchmod
    symlink_to hardlink_to link_to save_weights""".split()
)
"""Methods of classes by which a value writes a file when a pickle calls them by name."""
LOADERS: frozenset[str] = frozenset(
    """load loads load_item load_model load_weights load_state read_pickle from_pretrained from_file""".split()
)
"""Methods of classes that load another file or pickle."""
RUNNERS: frozenset[str] = frozenset(
    """eval query exec runcode runsource load_module exec_module from_code compile_expression from_string system popen
    communicate submit apply_async map_async starmap_async run_in_executor run_until_complete call_soon
    call_later""".split()
)
"""Methods of classes that run text, or what they are given."""
