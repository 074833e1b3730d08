"""Encrypted connections: which certificates are believed, and what a handshake may take."""

import asyncio
import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connections.exchange.egress import EgressCode, EgressError, Progress
from connections.exchange.egress.progress import TimedSSLContext
from tests.unit.connections.exchange.receivers import (
    Receiver,
    guarded,
    listening,
    prepared,
    send_once,
)

NAME = "crm.example.com"
DAY = dt.timedelta(days=1)


async def look_up(_host):
    return ["127.0.0.1"]


def certificate(folder, *, name=NAME, days=1):
    """Write a self-signed certificate and its key; return the path of both in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    end = dt.datetime.now(dt.UTC) + days * DAY
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - 10 * DAY)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def server_context(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def trusting(path):
    context = TimedSSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return context


def post(served_by, *, client=None, progress=None, seconds=2):
    async def run():
        receiver = Receiver(read=served_by is not None)
        async with (
            listening(receiver, ssl=served_by) as port,
            guarded(ssl_context=client, lookup=look_up) as transport,
        ):
            try:
                received = await send_once(
                    transport,
                    prepared(f"https://{NAME}:{port}/"),
                    progress=progress,
                    seconds=seconds,
                )
            finally:
                assert len(receiver.requests) <= 1
            return received.response.status

    return asyncio.run(run())


def refusal(served_by, **options):
    with pytest.raises(EgressError) as caught:
        post(served_by, **options)
    assert caught.value.code is EgressCode.TLS
    assert not caught.value.request_written
    return caught.value.detail


def test_trusted_certificate_and_the_time_of_its_handshake(tmp_path):
    path, progress = certificate(tmp_path), Progress()
    assert post(server_context(path), client=trusting(path), progress=progress) == 200
    timings = progress.timings()
    assert timings.tls_ms > 0
    assert timings.connect_ms > 0


def test_self_signed_certificate_is_refused(tmp_path):
    assert "self-signed" in refusal(server_context(certificate(tmp_path)))


def test_expired_certificate_is_refused(tmp_path):
    path = certificate(tmp_path, days=-1)
    assert "has expired" in refusal(server_context(path), client=trusting(path))


def test_certificate_for_another_name_is_refused(tmp_path):
    path = certificate(tmp_path, name="other.example.com")
    assert "another name" in refusal(server_context(path), client=trusting(path))


def test_receiver_without_encryption_is_refused():
    refusal(None)


def test_old_protocol_version_is_refused(tmp_path):
    context = server_context(certificate(tmp_path))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    client = trusting(certificate(tmp_path))
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    refusal(context, client=client)


def test_handshake_that_never_ends_is_inside_the_deadline():
    async def run():
        async def silent(reader, _writer):
            await reader.read()

        async with listening(silent) as port, guarded(lookup=look_up) as transport:
            await send_once(transport, prepared(f"https://{NAME}:{port}/"), seconds=0.3)

    with pytest.raises(EgressError) as caught:
        asyncio.run(run())
    assert (caught.value.code, caught.value.request_written) == (EgressCode.TIMEOUT, False)
