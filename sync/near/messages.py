"""What stations and halls say of records that a neighbour keeps, and what neighbours say.

Each is one canonical object, like those of :mod:`sync.messages`, over mutual TLS.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from exam_packages.canon import Count, Hash, Id, Object
from exam_packages.sealing.departures import MAX_DEPARTURES
from exam_packages.sealing.labels import KEY_ID_SIZE
from exam_packages.sealing.marks import MAX_MARK

NEAR_ROUTE: Final = "/v1/near"
OFFER_ROUTE: Final = "/v1/offer"
LEFT_ROUTE: Final = "/v1/left"
LATE_ROUTE: Final = "/v1/late"
"""At a hall."""
MEET_ROUTE: Final = "/v1/meet"
KEEP_ROUTE: Final = "/v1/keep"
RECEIVED_ROUTE: Final = "/v1/received"
"""At a neighbour station."""

MAX_KEEP: Final = 2 * 1024 * 1024
"""Bytes of one batch: a station's largest, and its message."""
MAX_KEPT_FRAMES: Final = 4096
_MAX_ENROLMENT: Final = 64 * 1024
MAX_HALLS: Final = 8
MAX_WRITERS: Final = 16
MAX_ASKED: Final = 256
"""Exams that a neighbour asks about at once: those it heard of last."""
MAX_TOLD: Final = 16
"""Words that a hall gives in one answer."""

Enrolled = Annotated[bytes, Meta(max_length=_MAX_ENROLMENT)]


class Near(Object):
    """Station to hall, now and then: it keeps records of others at this *port* of its address
    (0: it does not), the neighbour with this key id has just answered it (empty: none has), and
    it asks who keeps its own."""

    port: Annotated[int, Meta(ge=0, le=65535)]
    keeper: Annotated[bytes, Meta(max_length=KEY_ID_SIZE)]


class Neighbour(Object):
    """Hall to station: the station that keeps its records, as the body enrolled it, and where
    it answers. Both empty while there is none."""

    enrolment: Enrolled
    url: Annotated[str, Meta(max_length=300)]


class Meet(Object):
    """Station to neighbour, first: who it is; the halls of the centre it has met, whose permits
    its records carry; and the other stations that wrote in records it now writes."""

    enrolment: Enrolled
    halls: Annotated[tuple[Enrolled, ...], Meta(max_length=MAX_HALLS)]
    stations: Annotated[tuple[Enrolled, ...], Meta(max_length=MAX_WRITERS)]


class Met(Object):
    """Neighbour to station: who it is."""

    enrolment: Enrolled


class Keep(Object):
    """Station to neighbour, each second: new frames of an exam, and where its record stands after
    them, signed (:mod:`exam_packages.sealing.marks`) when there are any."""

    blind_id: Id
    package_hash: Hash
    sequence: Count
    head: Hash
    frames: tuple[bytes, ...]
    mark: Annotated[bytes, Meta(max_length=MAX_MARK)]


class Kept(Object):
    """Neighbour to station: its signed acknowledgement of what it synced; ``need_after`` asks
    for the frames after this sequence again (-1: nothing is missing)."""

    acknowledgement: bytes
    need_after: int


class Received(Object):
    """Station to neighbour: the body has this exam. The signed manifest and the body's receipt
    for it prove that, and the neighbour's copy goes."""

    manifest: bytes
    receipt: bytes


class Offer(Object):
    """Neighbour to hall, about an exam whose station is silent: where its copy stands. The first
    offer carries no frames; the others those after the place that was asked for, up to
    ``sequence`` and ``head``, which the station marked."""

    blind_id: Id
    sequence: Count
    head: Hash
    frames: tuple[bytes, ...]
    mark: Annotated[bytes, Meta(max_length=MAX_MARK)]


class Wanted(Object):
    """Hall to neighbour: ``after`` asks for the frames after this sequence (-1: it has all)."""

    after: int


class Known(Object):
    """An exam that a neighbour keeps, and what it knows of where the exam left its stations
    (:func:`~exam_packages.sealing.departures.places_digest`)."""

    blind_id: Id
    digest: Hash


class AskLeft(Object):
    """Neighbour to the hall in command, now and then: have the exams it keeps been moved?"""

    kept: Annotated[tuple[Known, ...], Meta(max_length=MAX_ASKED)]


class ToldLeft(Object):
    """The hall's signed word (:mod:`exam_packages.sealing.departures`) for each of which it knows
    otherwise."""

    departures: Annotated[
        tuple[Annotated[bytes, Meta(max_length=MAX_DEPARTURES)], ...], Meta(max_length=MAX_TOLD)
    ]


class Late(Object):
    """Neighbour to the hall in command: frames that *station* wrote beyond where the exam left it,
    in order."""

    blind_id: Id
    station: Id
    epoch: Count
    frames: tuple[bytes, ...]
