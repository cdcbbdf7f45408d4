"""A key and a certificate that only one installation has.

``python -m app.embedded.object_store.certificate`` prints both as PEM.

The object store's parts show it to each other, as servers and as clients, and accept nothing else. It is its own
authority, so there is no further key to keep, and no other certificate can ever be valid. It does not expire (RFC 5280,
4.1.2.5): what ends its use is its removal, after which the next start makes another.

A process of its own, because the supervisor needs it once and would keep the library in memory for weeks.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""A start in the past, because clocks of machines are set back."""
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def make() -> bytes:
    """Private key (PKCS 8, not encrypted) and certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Modelyard object store")])
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ALWAYS)
        .not_valid_after(FOREVER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


if __name__ == "__main__":
    sys.stdout.buffer.write(make())
