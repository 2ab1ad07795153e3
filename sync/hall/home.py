"""The hall's home: what every machine's home holds, and where this hall listens.

::

    hall.toml       id, centre, address, station_port, console_port, intake_url,
                    large_credit_minutes
    hall.sqlite     journals, seats, commands, operators, who did what
    evidence/       sealed pictures, by attempt and digest
    incarnation     how often this hall was started; see :mod:`sync.hall.authority`
"""

from __future__ import annotations

from pathlib import Path

from sync.machine import HallMachine, number_setting, text_setting


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
    def evidence(self) -> Path:
        return self.directory / "evidence"

    @property
    def incarnation(self) -> Path:
        return self.directory / "incarnation"
