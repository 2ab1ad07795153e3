"""The hall's home: what every machine's home holds, and where this hall listens.

::

    hall.toml       id, centre, address, station_port, console_port, intake_url,
                    large_credit_minutes, media; for a centre with two halls: other_halls, standby
    hall.sqlite     journals, seats, commands, operators, who did what
    evidence/       sealed pictures, by attempt and digest
    incarnation     how often this hall was started; see :mod:`sync.hall.authority`
"""

from __future__ import annotations

from pathlib import Path

from sync.machine import HallMachine, MachineError, number_setting, text_setting


class HallHome(HallMachine):
    """The home of a hall: see :class:`sync.machine.MachineHome` for the rest."""

    @property
    def address(self) -> str:
        """The address both listeners bind to."""
        return text_setting(self.settings, "address", self.settings_path)

    @property
    def station_port(self) -> int:
        return number_setting(self.settings, "station_port", self.settings_path, 8443)

    @property
    def console_port(self) -> int:
        return number_setting(self.settings, "console_port", self.settings_path, 8444)

    @property
    def large_credit_minutes(self) -> int:
        """Minutes that one person may give at once; more takes two."""
        return number_setting(self.settings, "large_credit_minutes", self.settings_path, 15)

    @property
    def intake_url(self) -> str:
        """The body's intake, or empty: then bundles wait here."""
        return text_setting(self.settings, "intake_url", self.settings_path, "")

    @property
    def other_halls(self) -> tuple[str, ...]:
        """Where the listeners for stations of this centre's other halls are."""
        found = self.settings.get("other_halls", [])
        if not isinstance(found, list) or not all(isinstance(url, str) for url in found):
            raise MachineError(
                "The settings in {path} need “other_halls” to be a list of texts in quotes.",
                path=str(self.settings_path),
            )
        return tuple(found)

    @property
    def standby(self) -> bool:
        """Whether another hall commands as long as no act of command says otherwise."""
        return self.settings.get("standby", False) is True

    @property
    def media(self) -> tuple[Path, ...]:
        """Where this machine's removable media are, if not where they usually are."""
        found = self.settings.get("media", [])
        if not isinstance(found, list) or not all(isinstance(path, str) for path in found):
            raise MachineError(
                "The settings in {path} need “media” to be a list of texts in quotes.",
                path=str(self.settings_path),
            )
        return tuple(Path(path) for path in found)

    @property
    def evidence(self) -> Path:
        return self.directory / "evidence"

    @property
    def incarnation(self) -> Path:
        return self.directory / "incarnation"
