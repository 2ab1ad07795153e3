"""TLS certificates expire in the middle of a sitting: who is connected goes on, nobody connects
anew until they are renewed, and nothing is lost."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from running_hall import Hall, Site, Station, found_site

from exam_packages.attempt.events import Beat
from sync.certificates import key_from_secret
from sync.link import Unreachable
from sync.machine import MachineHome


@contextlib.contextmanager
def expired(site: Site, home: MachineHome) -> Iterator[None]:
    """As if this machine's certificate had ended an hour ago, and then were renewed."""
    data = home.tls_cert.read_bytes()
    good = x509.load_pem_x509_certificate(data)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(good.subject)
        .issuer_name(good.issuer)
        .public_key(good.public_key())
        .serial_number(good.serial_number)
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now - timedelta(hours=1))
    )
    for each in good.extensions:
        builder = builder.add_extension(each.value, each.critical)
    ended = builder.sign(key_from_secret(site.body.tls_secret()), hashes.SHA256())
    home.tls_cert.write_bytes(ended.public_bytes(Encoding.PEM))
    yield
    home.tls_cert.write_bytes(data)


def test_nothing_is_lost_and_all_arrives_once_they_are_renewed(tmp_path: Path) -> None:
    site = found_site(tmp_path)
    hall = Hall(site.hall("expiring", candidates=1))
    hall.start()
    try:
        seat = Station(site.station("s1"), hall, tmp_path / "s1").begin("code-0000")
        seat.tick()
        with expired(site, seat.home):
            seat.add(Beat(), Beat())
            seat.tick()  # over the connection that is open
            assert seat.outbox.complete
            with pytest.raises(Unreachable):  # the hall ends the handshake, which says no more
                seat.reconnect()
            seat.add(Beat(), Beat())  # the exam goes on
        hall.stop()
        with expired(site, hall.home):
            hall.start()
            with pytest.raises(Unreachable, match="expired"):
                seat.reconnect()
            hall.stop()
        hall.start()
        seat.reconnect()
        while not seat.outbox.complete:
            seat.tick()
        seat.client.hand_in(seat.manifest())
    finally:
        hall.stop()
    assert seat.writer is not None
    with contextlib.closing(sqlite3.connect(hall.home.directory / "hall.sqlite")) as database:
        held = database.execute("SELECT frame FROM frames ORDER BY sequence").fetchall()
    assert [frame for (frame,) in held] == list(seat.writer.frames(0))
    seat.close()
