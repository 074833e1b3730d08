"""Why a request got no answer: a few coarse classes, and no address in any sentence.

Fine detail would make the product a port scanner for whoever may configure a connection.
"""

import ssl
from enum import StrEnum

import aiohttp

from connections.exchange.egress.addresses import UrlError

_CERTIFICATE = {
    10: "has expired",
    18: "is self-signed",
    19: "is self-signed",
    62: "is for another name",
    64: "is for another name",
}
"""OpenSSL's verify codes that people can act on."""


class EgressCode(StrEnum):
    INVALID_URL = "invalid_url"
    BLOCKED_ADDRESS = "blocked_address"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    TIMEOUT_AFTER_SEND = "timeout_after_send"
    DISCONNECTED = "disconnected"
    PROTOCOL = "protocol"


_NO_TLS = "no encrypted connection came about (TLS 1.2 or 1.3 is needed)"
_CLASSES: tuple[tuple[tuple[type[Exception], ...], EgressCode, str], ...] = (
    (
        (aiohttp.ClientSSLError, ssl.SSLError),
        EgressCode.TLS,
        _NO_TLS,
    ),
    (
        (aiohttp.ClientConnectorError,),
        EgressCode.CONNECT,
        "the receiver cannot be reached or refused the connection",
    ),
    ((TimeoutError,), EgressCode.TIMEOUT, "no connection to the receiver came about in time"),
    (
        (aiohttp.ClientPayloadError,),
        EgressCode.DISCONNECTED,
        "the answer broke off before its end",
    ),
    (
        (aiohttp.ClientConnectionError, OSError),
        EgressCode.DISCONNECTED,
        "the connection closed before an answer came",
    ),
)
"""The first that fits; several of aiohttp's errors are more than one of these."""


class EgressError(Exception):
    """No answer came, or only half of one."""

    def __init__(self, code: EgressCode, detail: str, *, request_written: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.request_written = request_written
        """Whether the receiver may have the request."""


class BlockedSocketError(OSError):
    """A connection to an address that is not allowed, refused before it was dialled."""


def classify_failure(
    error: Exception, *, request_written: bool, in_handshake: bool = False
) -> EgressError:
    """Return the coarse class of anything that aiohttp and what is below it raise.

    A connection that breaks `in_handshake` was refused by the one side's idea of encryption.
    """
    if isinstance(error, EgressError):
        error.request_written = request_written
        return error
    code, detail = _class_of(error)
    if in_handshake and code is EgressCode.CONNECT:
        code, detail = EgressCode.TLS, _NO_TLS
    return EgressError(code, detail, request_written=request_written)


def _class_of(error: Exception) -> tuple[EgressCode, str]:
    if isinstance(error, UrlError):
        return EgressCode(error.code), error.detail
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return EgressCode.TLS, _certificate_detail(error.certificate_error)
    if isinstance(getattr(error, "os_error", None), BlockedSocketError):
        return EgressCode.BLOCKED_ADDRESS, "the address is not on the public internet"
    for kinds, code, detail in _CLASSES:
        if isinstance(error, kinds):
            return code, detail
    return EgressCode.PROTOCOL, "the answer is not HTTP that can be understood"


def _certificate_detail(error: Exception) -> str:
    cause = _CERTIFICATE.get(getattr(error, "verify_code", 0), "is not trusted")
    return f"the receiver's certificate {cause}"
