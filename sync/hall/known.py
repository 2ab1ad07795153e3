"""The stations this hall believes, under the newest root of trust.

A root that is installed while the hall runs counts at once: a station that it revokes, or
whose enrolment it vouches for no more, is not known any longer. What the station recorded
until then is kept; when it greets again it is told why it is refused.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache, partial
from pathlib import Path

import apsw

from exam_packages.errors import ExamError
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import Enrolment, Trust, TrustStore, read_enrolment
from sync.hall.schema import alarm
from sync.holder.store import Store, rows


class Known:
    """Stations by key id and by TLS certificate, as the database has them.

    Raises an ``ExamError`` when there is no root of trust.
    """

    def __init__(self, store: Store, roots: Path, time_ns: int) -> None:
        self._store = store
        self.roots = TrustStore(roots)
        self._under: Trust | None = None
        self._keys: dict[bytes, VerifyKey] = {}
        self._kept: dict[bytes, str] = {}
        self._certificates: dict[bytes, bytes] = {}
        self.follow(time_ns)

    @property
    def trust(self) -> Trust:
        """The newest root of trust."""
        return self.roots.current()

    @property
    def under(self) -> Trust:
        """The root of trust by which this was judged last."""
        return self._under or self.trust

    def follow(self, time_ns: int) -> None:
        """Believe what the newest root of trust says, if it is another one than before."""
        trust = self.trust
        if trust is self._under:
            return
        keys, kept, certificates = {}, {}, {}
        doubted: list[tuple[bytes, str]] = []
        with self._store.reading() as connection:
            found = rows(connection.execute("SELECT key_id, enrolment, certificate FROM stations"))
        for key_id, enrolment, certificate in found:
            try:
                station = read_enrolment(enrolment, trust, now_s=None)
                keys[key_id], kept[key_id] = station.verify_key, station.keys_words
                certificates[certificate] = key_id
            except ExamError as problem:
                doubted.append((key_id, str(problem)))
        self._keys, self._kept, self._certificates = keys, kept, certificates
        self._under = trust
        if doubted:
            self._store.write(partial(_tell, time_ns, doubted))

    def add(self, station: Enrolment) -> None:
        """Know a station that greeted, whose enrolment was verified."""
        self._keys[station.key_id] = station.verify_key
        self._kept[station.key_id] = station.keys_words
        self._certificates[fingerprint(station.tls_certificate)] = station.key_id

    def key(self, key_id: bytes) -> VerifyKey | None:
        """The key that checks the signatures of a known station."""
        return self._keys.get(key_id)

    def keys_of(self, key_id: bytes) -> str:
        """How a known station keeps its keys, in words; empty of one that is not known."""
        return self._kept.get(key_id, "")

    def showing(self, certificate: bytes | None) -> bytes | None:
        """The key id of the known station with this TLS certificate (DER)."""
        return self._certificates.get(fingerprint(certificate or b""))


def _tell(time_ns: int, doubted: list[tuple[bytes, str]], connection: apsw.Connection) -> None:
    for key_id, words in doubted:
        alarm(connection, time_ns, "station-refused", words, station=key_id)


@lru_cache(maxsize=4096)
def fingerprint(certificate: bytes) -> bytes:
    """SHA-256 of a TLS certificate, which a connection shows again with each request."""
    return hashlib.sha256(certificate).digest()
