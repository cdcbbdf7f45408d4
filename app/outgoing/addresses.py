"""Where requests that users cause may go: https to global addresses, or to hosts that the operator has named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from app.errors import Invalid, TooLarge
from app.text import quoted

MAX_URL = 2_000
_UNICAST = IPv6Network("2000::/3")
_TRANSITION = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
"""Teredo and 6to4: they carry an IPv4 address that a relay would reach from another network."""
_NAT64 = IPv6Network("64:ff9b::/96")
_INNER = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
"""Global to some versions of Python, or by its number, and yet not of the internet: assignments of protocols (RFC 6890;
Oracle's cloud has metadata there), the old relays of 6to4 (RFC 7526), and the host of a virtual machine in Azure."""
_DOCUMENTS = IPv6Network("3fff::/20")
"""RFC 9637; newer than some versions of Python."""
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
"""What a resolver can ask for: labels of 1 to 63 characters (RFC 1035 §2.3.4), underscores as in practice."""


class AddressRefused(Invalid):
    """The address is not one that this installation speaks to."""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """``private_hosts``: ``host`` or ``host:port`` for which http and any address will do (setting of the operator).

    ``noun`` and ``setting`` are how messages name the address and that setting.
    """

    private_hosts: frozenset[str] = frozenset()
    noun: str = "webhook URL"
    setting: str = "MODELYARD_WEBHOOK_PRIVATE_HOSTS"

    @classmethod
    def of(
        cls, names: Iterable[str], *, noun: str = "webhook URL", setting: str = "MODELYARD_WEBHOOK_PRIVATE_HOSTS"
    ) -> AddressRules:
        return cls(frozenset(name.strip().lower() for name in names if name.strip()), noun, setting)

    def trusts(self, url: URL) -> bool:
        """Whether the operator has named the host."""
        host = (url.raw_host or "").lower()
        shown = f"[{host}]" if ":" in host else host
        return bool({host, shown, f"{shown}:{url.port}"} & self.private_hosts)

    def check(self, text: str) -> URL:
        """The address, read exactly as it will be connected to. Names are not resolved here, but at each request.

        Raises:
            AddressRefused: no address, not https, or a host that is not global.
        """
        if len(text) > MAX_URL:
            raise TooLarge(f"The {self.noun} has {len(text)} characters; at most {MAX_URL} fit.", field="url")
        if not text.strip():
            raise AddressRefused(f"{self._title} cannot be empty or just whitespace: {quoted(text)}", field="url")
        try:
            url = URL(text)
            port = url.port
        except ValueError as error:
            raise AddressRefused(f"Invalid {self.noun} {quoted(text)}: {error}", field="url") from None
        self._check_parts(url, text)
        if port is not None and not 0 < port < 65536:
            raise AddressRefused(f"Invalid {self.noun} {quoted(text)}: the port is out of range.", field="url")
        return url

    def _check_parts(self, url: URL, text: str) -> None:
        trusted = self.trusts(url)
        schemes = ("https", "http") if trusted else ("https",)
        if url.scheme not in schemes:
            allows = f" Operators allow http to a host by {self.setting}." if url.scheme == "http" else ""
            raise AddressRefused(
                f"Invalid {self.noun} scheme: {quoted(url.scheme)}. Allowed schemes are: {', '.join(schemes)}.{allows}",
                field="url",
            )
        if not url.raw_host:
            raise AddressRefused(f"{self._title} must include a hostname: {quoted(text)}", field="url")
        if url.user is not None or url.password is not None:
            raise AddressRefused(
                f"The {self.noun} holds a user name or password, which would be shown to every maintainer; "
                "use the secret for it instead.",
                field="url",
            )
        if not trusted:
            self._check_literal(url.raw_host)

    def _check_literal(self, host: str) -> None:
        """Refuse hosts that are written as an address and are not global, or not canonical (``127.1``, ``0x7f.1``)."""
        try:
            address = ip_address(host)
        except ValueError:
            last = host.rstrip(".").rpartition(".")[2].lower()
            # No name of the internet ends in a number; resolvers read such hosts as old spellings of addresses.
            if ":" in host or last.isdigit() or last.startswith("0x"):
                raise AddressRefused(
                    f"{self._title} host {quoted(host)} is not a canonical IP address.", field="url"
                ) from None
            if not _NAME.fullmatch(host):
                raise AddressRefused(f"{self._title} host {quoted(host)} is no name of a host.", field="url") from None
            return
        if not is_global(address):
            raise AddressRefused(
                f"{self._title} host {quoted(host)} is not a global address; operators allow others by {self.setting}.",
                field="url",
            )

    @property
    def _title(self) -> str:
        return self.noun[0].upper() + self.noun[1:]


def is_global(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is one of the public internet; IPv6 forms that carry an IPv4 address count as that one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None:
            elsewhere = any(address in network for network in (*_TRANSITION, _DOCUMENTS))
            return address in _UNICAST and not elsewhere and not address.scope_id and address.is_global
        address = inner
    return address.is_global and not address.is_multicast and not any(address in network for network in _INNER)
