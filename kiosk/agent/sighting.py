"""What the camera sees while nobody is signed in: to hold a letter's code up to it.

Once somebody is, a screen learns nothing of the camera any more: its pictures are evidence.
"""

from __future__ import annotations

from exam_packages.language import mark
from kiosk.agent.album import Eyes
from kiosk.agent.reception import OCCUPIED
from kiosk.agent.session import Refusal
from kiosk.agent.station import Station
from kiosk.ipc import messages as ipc
from kiosk.proctoring.messages import MAX_SIDE, Seen

NO_CAMERA = Refusal(
    "This station has no camera at the moment. Please type the code of your letter instead."
)
HELD = mark(
    "Another program has the camera of this station: {why}. Please tell the invigilator, or type "
    "the code of your letter instead."
)


class Sight:
    """Asks the camera on behalf of the screen. One question is open at a time, the last."""

    def __init__(self, station: Station, camera: Eyes) -> None:
        self._station = station
        self._camera = camera
        self._request = 0

    def look(self, message: ipc.Look) -> None:
        """The screen asks what is before the camera."""
        width, height = (min(max(1, side), MAX_SIDE) for side in (message.width, message.height))
        if not self._station.vacant:
            self._station.refuse(message.request, OCCUPIED)
        elif not self._camera.look(width, height):
            why = self._station.camera_held
            held = Refusal(HELD, (("why", why),))
            self._station.refuse(message.request, held if why else NO_CAMERA)
        else:
            self._request = message.request

    def seen(self, seen: Seen) -> None:
        """The camera's answer; it goes to the screen and nowhere else."""
        request, self._request = self._request, 0
        if request and self._station.vacant:
            self._station.tell(
                ipc.Seen(request, seen.width, seen.height, seen.pixels, seen.text, seen.strange)
            )
