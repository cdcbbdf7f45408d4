"""Landlock: the kernel takes from this process every file, TCP connection, abstract socket and signal to others.

https://docs.kernel.org/userspace-api/landlock.html; Linux 5.13 and newer, if built and booted with it.
"""

from __future__ import annotations

import os
from errno import ENOSYS, EOPNOTSUPP
from struct import pack

from app.inspection.confinement import kernel

_CREATE_RULESET = 444
_RESTRICT_SELF = 446
_VERSION = 1
_FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Rights to files by the version that brought them: all of version 1, refer, truncate, ioctl of devices."""
_NETWORK = 0b11
"""Bind and connect of TCP, from version 4 on."""
_SCOPES = 0b11
"""Abstract sockets, and signals to processes outside, from version 6 on."""


def version() -> int:
    """The newest interface of Landlock that the kernel offers.

    Raises:
        Unsupported: none.
    """
    kernel.machine()
    try:
        return kernel.call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError as error:
        if error.errno in {ENOSYS, EOPNOTSUPP}:
            raise kernel.Unsupported("the kernel has none, or it is switched off") from None
        raise


def deny_all() -> str:
    """Handle every right that the kernel knows and we do, and allow none; for good. What is denied, in words.

    The process must have set ``PR_SET_NO_NEW_PRIVS``.

    Raises:
        Unsupported: the kernel has no Landlock.
        OSError: the kernel refused.
    """
    newest = version()
    files = sum(rights for since, rights in _FILES.items() if since <= newest)
    attributes, denied = pack("=Q", files), ["files"]
    if newest >= 4:
        attributes, denied = attributes + pack("=Q", _NETWORK), [*denied, "TCP"]
    if newest >= 6:
        attributes, denied = attributes + pack("=Q", _SCOPES), [*denied, "abstract sockets", "signals to others"]
    ruleset = kernel.call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        kernel.call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return f"version {newest} denies {', '.join(denied)}"
