"""A certificate for the loopback, signed by an authority that was made for this one sandbox."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

CA_FILE = "sandbox-ca.pem"
NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Certificate:
    """`ca_file` is what a client has to trust; `context` is the server's. The keys are only in memory."""

    ca_file: Path
    context: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """A new authority and one certificate of it; the authority's certificate is written into the folder."""
    import trustme

    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    ca_file = folder / CA_FILE
    authority.cert_pem.write_to_path(ca_file)
    return Certificate(ca_file, context)
