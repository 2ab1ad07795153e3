"""Following the body's root of trust: a station learns of new roots from its hall.

The hall says which version it has; what it hands over counts for the signatures in it alone,
of the old holders and the new, one version after the other. A hall that hands over anything
else is left alone with it for a while: nothing here depends on its goodwill.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from exam_packages.errors import ExamError
from exam_packages.sealing.trust import Trust, TrustStore
from kiosk.agent.inbox import Believes, Message, NotBelieved
from sync.link import HolderClient, LinkError

LOG = logging.getLogger(__name__)

ROOTS_AT_ONCE = 16
"""Roots taken in one go; the rest with the next tick."""
PAUSE_ROUNDS = 60
"""Rounds of the link for which a hall is not asked again after it handed over no root."""


class Follower:
    """Keeps this station at the newest root of trust its hall has. For the link thread alone."""

    def __init__(
        self,
        roots: TrustStore,
        trust: Trust,
        client: HolderClient,
        post: Callable[[Message], None],
    ) -> None:
        self._roots = roots
        self._trust = trust
        self._client = client
        self._post = post
        self._pause = 0

    def follow(self, offered: int) -> bool:
        """Take the roots up to the version *offered*; whether the hall must be greeted anew."""
        if offered <= self._trust.root.version:
            return False
        return self.ask()

    def ask(self) -> bool:
        """Ask the hall for newer roots, and take them; whether it must be greeted anew.

        For a hall that refuses this station, or is not believed: a newer root may say why.
        Raises a ``LinkError`` when it does not answer.
        """
        if self._pause:
            self._pause -= 1
            return False
        before = self._trust
        for _ in range(ROOTS_AT_ONCE):
            data = self._client.next_root(self._trust.root.version)
            if not data:
                self._pause = PAUSE_ROUNDS if self._trust is before else 0
                break
            try:
                self._trust.vouches(data)
                self._trust = self._roots.install(data)
            except ExamError as problem:
                LOG.error("A root of trust that the hall gave is not believed: %s", problem)
                self._pause = PAUSE_ROUNDS
                self._post(NotBelieved(str(problem)))
                break
        if self._trust is before:
            return False
        LOG.info("The root of trust is now version %d.", self._trust.root.version)
        self._client.believe(self._trust)
        self._post(Believes(self._trust))
        return True

    def ask_why(self) -> None:
        """Like :meth:`ask`, of a hall that just refused: that it does not answer says nothing."""
        try:
            self.ask()
        except LinkError as problem:
            LOG.debug("The hall gave no newer root of trust: %s", problem)
