"""A station's home: what every machine has, and its own settings, packages and attempts."""

from __future__ import annotations

from pathlib import Path

from exam_packages.language import SOURCE, languages
from sync.machine import MachineError, StationMachine, number_setting, text_setting

CAMERA_AUTO, CAMERA_NONE = "auto", "none"
KEYS_AUTO, KEYS_REQUIRED, KEYS_NONE = "auto", "required", "none"
_KEY_WATCH = "/run/exam-kiosk/keywatch.sock"


class StationHome(StationMachine):
    """The home of a station: see :class:`sync.machine.MachineHome` for the rest."""

    @property
    def hall_url(self) -> str:
        """Where the hall's listener for stations is, like ``https://10.0.0.2:8443``."""
        return text_setting(self.settings, "hall_url", self.settings_path)

    @property
    def standby_urls(self) -> tuple[str, ...]:
        """Where the other halls of this centre are: they hold too, and one may take command."""
        found = self.settings.get("standby_urls", [])
        if not isinstance(found, list) or not all(isinstance(url, str) for url in found):
            raise MachineError(
                "The settings in {path} need “standby_urls” to be a list of texts in quotes.",
                path=str(self.settings_path),
            )
        return tuple(found)

    @property
    def neighbour_port(self) -> int:
        """Where this station keeps records of others and has its own kept: a port, or 0: neither.
        What is kept for others lies under ``neighbours``."""
        return number_setting(self.settings, "neighbour_port", self.settings_path, 0)

    @property
    def neighbours(self) -> Path:
        """Records kept for other stations; and who keeps this one's."""
        return self.directory / "neighbours"

    @property
    def kept_path(self) -> Path:
        """The database of the records kept for other stations."""
        return self.neighbours / "kept.sqlite"

    @property
    def halls_path(self) -> Path:
        """What this station remembers of its halls, and who commands."""
        return self.directory / "command" / "halls"

    @property
    def orders(self) -> Path:
        """Where a chief leaves orders when no hall is left."""
        return self.directory / "command" / "orders"

    @property
    def camera(self) -> str:
        """``auto``, ``none``, or the path of a video file that stands in for a camera."""
        return text_setting(self.settings, "camera", self.settings_path, CAMERA_AUTO)

    @property
    def keys(self) -> str:
        """``auto``: keys are watched where a key-watch runs; ``required``: without one no exam
        begins; ``none``: nobody listens to one."""
        named = text_setting(self.settings, "keys", self.settings_path, KEYS_AUTO)
        if named not in (KEYS_AUTO, KEYS_REQUIRED, KEYS_NONE):
            raise MachineError(
                "The settings in {path} have “keys” as “{keys}”; there are auto, required, none.",
                path=str(self.settings_path),
                keys=named,
            )
        return named

    @property
    def key_watch(self) -> Path:
        """Where the key-watch tells what it sees."""
        return Path(text_setting(self.settings, "key_watch", self.settings_path, _KEY_WATCH))

    @property
    def enrolled_keyboards(self) -> Path:
        """Which keyboards belong to this station, once they are enrolled."""
        return self.directory / "keyboards"

    @property
    def display(self) -> Path | None:
        """The Wayland socket of the session: who else is connected to it is told."""
        named = text_setting(self.settings, "display", self.settings_path, "")
        return Path(named) if named else None

    @property
    def language(self) -> str:
        """The screen's own language, such as ``fr``, until somebody chooses another."""
        named = text_setting(self.settings, "language", self.settings_path, SOURCE)
        if named not in languages():
            raise MachineError(
                "The settings in {path} name the language “{language}”; there are {there}.",
                path=str(self.settings_path),
                language=named,
                there=", ".join(languages()),
            )
        return named

    @property
    def enrolled_camera(self) -> Path:
        """Which camera is this station's; there is no such file before one was enrolled."""
        return self.directory / "camera.enrolled"

    @property
    def face_model(self) -> tuple[str, str]:
        """The path and SHA-256 (hexadecimal) of a face model that an administrator put here,
        or two empty texts: OpenCV's own cascade."""
        return (
            text_setting(self.settings, "face_model", self.settings_path, ""),
            text_setting(self.settings, "face_model_sha256", self.settings_path, ""),
        )

    @property
    def socket(self) -> Path:
        """Where the agent listens for its screen."""
        named = text_setting(self.settings, "socket", self.settings_path, "")
        return Path(named) if named else self.directory / "agent.sock"

    @property
    def packages(self) -> Path:
        """Sealed packages and the grants that open them, once released."""
        return self.directory / "packages"

    @property
    def attempts(self) -> Path:
        """One directory per attempt, under its blind id; kept until the body's receipt."""
        return self.directory / "attempts"

    @property
    def surveys(self) -> Path:
        """Sealed surveys that wait for the hall."""
        return self.directory / "surveys"
