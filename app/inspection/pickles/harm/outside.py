"""The standard library: what opens files and connections, by name."""

from __future__ import annotations

from app.inspection.pickles.harm.reasons import FILES, NETWORK, table

_NETWORK = """
socket _socket: socket SocketType create_connection create_server fromfd fromshare socketpair _fallback_socketpair
    getaddrinfo gethostbyname gethostbyname_ex gethostbyaddr getnameinfo getfqdn sethostname setdefaulttimeout close
    dup send_fds recv_fds
ssl: create_connection
ssl _ssl: wrap_socket get_server_certificate SSLSocket SSLSocket.connect _SSLSocket SSLContext.wrap_socket
    SSLContext.load_cert_chain _test_decode_cert
http.client httplib: HTTPConnection HTTPSConnection HTTP HTTPS
http.server BaseHTTPServer SimpleHTTPServer CGIHTTPServer: HTTPServer HTTPSServer ThreadingHTTPServer
    ThreadingHTTPSServer BaseHTTPRequestHandler SimpleHTTPRequestHandler CGIHTTPRequestHandler test _get_best_family
    nobody_uid executable
urllib urllib2 urllib.request: urlopen urlretrieve urlcleanup build_opener install_opener URLopener FancyURLopener
    OpenerDirector AbstractHTTPHandler HTTPHandler HTTPSHandler FTPHandler CacheFTPHandler FileHandler
    DataHandler.open ftpwrapper localhost thishost _safe_gethostbyname proxy_bypass _proxy_bypass_macosx_sysconf
    _urlopener _opener
urllib.robotparser: RobotFileParser.read
smtplib: SMTP SMTP_SSL LMTP
imaplib: IMAP4 IMAP4_SSL
poplib: POP3 POP3_SSL
ftplib: FTP FTP_TLS ftpcp test _SSLSocket
telnetlib: Telnet test
nntplib: NNTP NNTP_SSL _NNTPBase
xmlrpc.client xmlrpclib: ServerProxy Server Transport SafeTransport MultiCall _Method
xmlrpc.server SimpleXMLRPCServer DocXMLRPCServer: SimpleXMLRPCServer DocXMLRPCServer MultiPathXMLRPCServer
    SimpleXMLRPCRequestHandler DocXMLRPCRequestHandler CGIXMLRPCRequestHandler resolve_dotted_attribute
    SimpleXMLRPCDispatcher
socketserver SocketServer: BaseServer TCPServer UDPServer UnixStreamServer UnixDatagramServer ForkingTCPServer
    ForkingUDPServer ForkingUnixStreamServer ForkingUnixDatagramServer ThreadingTCPServer ThreadingUDPServer
    ThreadingUnixStreamServer ThreadingUnixDatagramServer BaseRequestHandler StreamRequestHandler
    DatagramRequestHandler ForkingMixIn ThreadingMixIn
asyncio asyncio.streams asyncio.events asyncio.trsock: open_connection open_unix_connection start_server
    start_unix_server TransportSocket
multiprocessing.connection multiprocessing.dummy.connection multiprocessing.dummy: Client Listener Connection
    ConnectionWrapper SocketClient SocketListener PipeClient PipeListener PipeConnection XmlClient XmlListener
    rebuild_connection rebuild_pipe_connection answer_challenge deliver_challenge Pipe _ConnectionBase _xml_loads
multiprocessing.managers: RebuildProxy MakeProxyType AutoProxy BaseProxy dispatch rebuild_as_list
multiprocessing.reduction: DupFd DupHandle _rebuild_socket recv_handle recvfds send_handle sendfds steal_handle
    rebuild_socket rebuild_handle
multiprocessing.resource_sharer: DupFd DupSocket _ResourceSharer stop
logging.handlers: SocketHandler DatagramHandler SysLogHandler SMTPHandler HTTPHandler NTEventLogHandler
logging.config: listen stopListening ThreadingTCPServer StreamRequestHandler
xml.sax.saxutils: prepare_input_source
xml.dom.xmlbuilder: DOMBuilder DOMEntityResolver
syslog: syslog openlog closelog setlogmask
email.utils: make_msgid
xmlrpc.server wsgiref.simple_server: BaseHTTPRequestHandler HTTPServer
wsgiref.simple_server: make_server WSGIServer demo_app
"""

_FILES = """
builtins __builtin__: open file
os posix nt: open fdopen remove unlink rmdir removedirs rename renames replace mkdir makedirs mkfifo mknod link
    symlink chmod lchmod fchmod chown lchown fchown chroot chflags lchflags truncate ftruncate read readv pread preadv
    write writev pwrite pwritev sendfile copy_file_range splice utime setxattr removexattr dup dup2 close closerange
    pipe pipe2 openpty login_tty posix_openpt grantpt unlockpt lockf memfd_create _fcopyfile tmpfile tempnam tmpnam
    mkstemp lseek readinto eventfd eventfd_write posix_fallocate
pty: close openpty master_open slave_open _copy _read _writen _open_terminal
io _io _pyio: open open_code FileIO OpenWrapper _open_code_with_warning
codecs: open
bz2 tokenize: _builtin_open
tokenize: open
shutil: copy copy2 copyfile copyfileobj copymode copystat copytree move rmtree make_archive unpack_archive chown
    register_archive_format register_unpack_format unregister_archive_format unregister_unpack_format _copytree
    _copyxattr _rmtree_unsafe _rmtree_safe_fd _make_tarball _make_zipfile _unpack_tarfile _unpack_zipfile
    _fastcopy_sendfile _fastcopy_fcopyfile _copyfileobj_readinto _ensure_directory _rmtree_safe_fd_step _rmtree_impl
    rmtree_impl
tempfile: NamedTemporaryFile TemporaryFile SpooledTemporaryFile TemporaryDirectory mkstemp mkdtemp mktemp
    _mkstemp_inner _get_default_tempdir _resetperms _TemporaryFileCloser _TemporaryFileWrapper
fileinput: FileInput input hook_compressed hook_encoded _test
linecache: getline getlines updatecache lazycache
filecmp: cmp cmpfiles dircmp _do_cmp demo
zipfile: ZipFile PyZipFile main Path CompleteDirs FastLookup
zipfile._path: Path CompleteDirs FastLookup
tarfile: open TarFile main _LowLevelFile _Stream copyfileobj bltn_open
zipapp: create_archive main _copy_archive _maybe_open
gzip bz2 lzma: open GzipFile BZ2File LZMAFile main
compression.gzip compression.bz2 compression.lzma compression.zstd compression.zstd._zstdfile: open GzipFile BZ2File
    LZMAFile ZstdFile
sqlite3 _sqlite3 sqlite3.dbapi2: connect Connection register_adapter register_converter enable_shared_cache
dbm dbm.dumb dbm.gnu dbm.ndbm dbm.sqlite3 _dbm _gdbm anydbm dumbdbm gdbm whichdb: open _Database whichdb
mmap: mmap
fcntl: fcntl flock ioctl lockf
pipes: Template makepipeline
pathlib: _Accessor _NormalAccessor
logging: FileHandler basicConfig
logging.handlers: RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler BaseRotatingHandler
cgi: FieldStorage initlog log
configparser: RawConfigParser.read ConfigParser.read
http.cookiejar: FileCookieJar.load LWPCookieJar.save MozillaCookieJar.save FileCookieJar.revert
mailbox: Mailbox Maildir mbox MH Babyl MMDF _mboxMMDF _singlefileMailbox _create_carefully _create_temporary
    _lock_file _unlock_file
netrc: netrc
mimetypes: MimeTypes.read read_mime_types init
imghdr sndhdr: what whathdr test
quopri base64: main test
uu: encode decode
xml.etree.ElementTree xml.etree.cElementTree: parse iterparse ElementTree.parse ElementTree.write _get_writer
xml.etree.ElementInclude: default_loader include
xml.dom.expatbuilder xml.dom.pulldom xml.dom.minidom xml.sax: parse parseFragment
wave aifc sunau chunk: open openfp Wave_read Wave_write Aifc_read Aifc_write Au_read Au_write
plistlib: readPlist writePlist
pstats: Stats
cProfile profile: Profile.dump_stats
trace: CoverageResults _find_strings find_strings
tracemalloc: Snapshot.dump Snapshot.load
tabnanny: check main
shlex: shlex.sourcehook
getpass: unix_getpass getpass win_getpass
readline: read_history_file write_history_file append_history_file read_init_file set_completer set_startup_hook
    set_pre_input_hook
sysconfig: _generate_posix_vars _parse_makefile _main
gettext: Catalog translation install find
zoneinfo zoneinfo._zoneinfo zoneinfo._tzpath: reset_tzpath
zoneinfo._common: load_tzdata
multiprocessing.heap: Arena Heap rebuild_arena BufferWrapper
multiprocessing.util: _remove_temp_dir get_temp_dir
multiprocessing.shared_memory _posixshmem: shm_open shm_unlink SharedMemory.unlink
multiprocessing.synchronize _multiprocessing: sem_unlink SemLock
distutils.file_util: write_file copy_file move_file _copy_file_contents
distutils.dir_util: copy_tree create_tree mkpath remove_tree ensure_relative
distutils.archive_util: make_archive make_tarball make_zipfile
winreg _winreg: CreateKey CreateKeyEx DeleteKey DeleteKeyEx DeleteValue LoadKey SaveKey SetValue SetValueEx
    ConnectRegistry OpenKey OpenKeyEx DisableReflectionKey EnableReflectionKey
msilib: init_database add_data add_stream
msvcrt: open_osfhandle locking
"""

OUTSIDE: dict[str, str] = {**table(_FILES, FILES), **table(_NETWORK, NETWORK)}
"""``module.name``: why."""
