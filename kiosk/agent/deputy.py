"""What this station does for the attempts of others: it is a neighbour, while it is on.

Half of what opens another station's record again may be sealed to a restore key that lives
here until the sitting is closed. Shown the order of two people, it is released, sealed for
the station they named; see :mod:`sync.holder.neighbour`.
"""

from __future__ import annotations

import logging

from exam_packages.errors import ExamError
from exam_packages.sealing.restore_keys import RestoreKey, sign_restore_key
from kiosk.agent.custody import Custody
from sync.holder.neighbour import release
from sync.link import HolderClient, LinkError
from sync.messages import Handover

LOG = logging.getLogger(__name__)


class Deputy:
    """Used by the link thread alone."""

    def __init__(self, custody: Custody, client: HolderClient) -> None:
        self._custody = custody
        self._client = client
        self._announced: tuple[bytes, bytes] = (b"", b"")

    def announce(self) -> bytes:
        """This station's restore key for the hall's sitting, signed; empty before there is
        one, or when the disk does not keep it."""
        hall = self._client.restore_key
        if hall is None:
            return b""
        if self._announced[0] != hall.sitting:
            custody = self._custody
            try:
                public = custody.restore_keys.of(hall.sitting).public.raw
            except ExamError as problem:
                LOG.error("This station cannot be a neighbour: %s", problem)
                return b""
            restore = RestoreKey(hall.sitting, custody.signing.key_id, public)
            self._announced = hall.sitting, sign_restore_key(restore, custody.signing)
        return self._announced[1]

    def hand_over(self, handovers: tuple[Handover, ...]) -> None:
        """Release what the hall asks for. What fails is asked for again."""
        hall = self._client.hall
        for handover in handovers if hall is not None else ():
            assert hall is not None  # noqa: S101  for the type checker
            try:
                halves = release(
                    handover,
                    keys=self._custody.restore_keys,
                    hall=hall.verify_key,
                    centre=self._custody.enrolment.centre,
                    trust=self._custody.trust,
                )
                self._client.halves(halves)
            except LinkError as problem:
                LOG.warning("Halves of a moved exam were not taken: %s", problem)
            except ExamError as problem:
                LOG.error("A move is not believed: %s", problem)
