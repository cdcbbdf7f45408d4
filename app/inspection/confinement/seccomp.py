"""seccomp: a filter after which only system calls for memory, time and what is open already work; all others fail.

https://docs.kernel.org/userspace-api/seccomp_filter.html. The list says what is allowed, so that calls which newer
kernels bring (as io_uring was once) need no thought. The numbers are those of the kernel's tables, asm/unistd.h.
"""

from __future__ import annotations

import ctypes
from errno import EPERM
from struct import pack

from app.inspection.confinement import kernel

_READ_ARCHITECTURE, _READ_NUMBER, _READ_PROTECTION = (0x20, 0, 0, 4), (0x20, 0, 0, 0), (0x20, 0, 0, 32)
_EQUAL, _ANY_BIT, _ANSWER = 0x15, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | EPERM
_EXECUTABLE = 0x4
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
        "rt_sigreturn": 15, "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25, "madvise": 28, "getpid": 39,
        "exit": 60, "gettimeofday": 96, "getrusage": 98, "times": 100, "sigaltstack": 131, "gettid": 186, "time": 201,
        "futex": 202, "restart_syscall": 219, "clock_gettime": 228, "exit_group": 231, "getrandom": 318,
    },
    "aarch64": {
        "close": 57, "read": 63, "write": 64, "readv": 65, "writev": 66, "exit": 93, "exit_group": 94, "futex": 98,
        "clock_gettime": 113, "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134,
        "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153, "getrusage": 165, "gettimeofday": 169, "getpid": 172,
        "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216, "madvise": 233, "getrandom": 278,
    },
}  # fmt: skip
ALLOWED_UNLESS_EXECUTABLE = {"x86_64": {"mmap": 9, "mprotect": 10}, "aarch64": {"mmap": 222, "mprotect": 226}}
"""Memory may be had, but none that can be run: the third argument has no PROT_EXEC."""


def refuse_the_rest() -> str:
    """Let this process do nothing but the calls above, for good. What is allowed, in words.

    The process must have set ``PR_SET_NO_NEW_PRIVS``.

    Raises:
        Unsupported: no list for this processor.
        OSError: the kernel refused.
    """
    machine = kernel.machine()
    program, count = program_for(machine), len(ALLOWED[machine]) + len(ALLOWED_UNLESS_EXECUTABLE[machine])
    filter = ctypes.create_string_buffer(program, len(program))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, pack("@HP", len(program) // 8, ctypes.addressof(filter)))
    return f"{count} system calls for memory, time and its socket are left, none for files, network or processes"


def program_for(machine: str) -> bytes:
    """The filter for a processor, as the kernel reads it.

    Raises:
        Unsupported: no list for this processor.
    """
    if machine not in ALLOWED:
        raise kernel.Unsupported(f"there is no list of system calls for {machine}")
    free, mapping = [*ALLOWED[machine].values()], [*ALLOWED_UNLESS_EXECUTABLE[machine].values()]
    tests = [(number, index) for index, number in enumerate(free + mapping)]
    to_refusal = len(tests)
    lines = [_READ_ARCHITECTURE, (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_ANSWER, 0, 0, _KILL), _READ_NUMBER]
    for number, index in tests:  # what follows: refuse, read the protection, test it, allow, refuse
        target = to_refusal + (3 if index < len(free) else 1)
        lines.append((_EQUAL, target - index - 1, 0, number))
    lines += [
        (_ANSWER, 0, 0, _REFUSE),
        _READ_PROTECTION,
        (_ANY_BIT, 1, 0, _EXECUTABLE),
        (_ANSWER, 0, 0, _ALLOW),
        (_ANSWER, 0, 0, _REFUSE),
    ]
    return b"".join(pack("=HBBI", *line) for line in lines)
