"""The restore keys of this machine: one for each sitting, until the sitting is closed.

See :mod:`exam_packages.sealing.restore_keys`. A key is a file of its own beside the
machine's lasting keys, so that deleting the file deletes the key: a database would keep
it in free pages and logs. What a disk's own wear levelling keeps is beyond reach.
"""

from __future__ import annotations

from pathlib import Path

from exam_packages.errors import ExamError
from exam_packages.files import sync_directory
from exam_packages.sealing.keys import KeyFileError, read_sealing_key, write_sealing_key
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.suite import SealingKey

__all__ = ["KeyringError", "RestoreKeys"]

_PATTERN = "restore-*.key"


class KeyringError(ExamError):
    """A restore key could not be deleted: the sitting does not count as closed yet."""


class RestoreKeys:
    """The restore keys under *directory*, by the name of their sitting (16 bytes).

    They are kept under *secret*, the machine's, where it has one.
    """

    def __init__(self, directory: Path, secret: MachineSecret | None = None) -> None:
        self._directory = directory
        self._secret = secret

    def of(self, sitting: bytes) -> SealingKey:
        """The key for *sitting*, made and durable if there is none yet.

        Raises a :class:`~exam_packages.sealing.keys.KeyFileError`.
        """
        key = self.find(sitting)
        if key is None:
            key = SealingKey.generate()
            write_sealing_key(self._path(sitting), key, self._secret)
        return key

    def find(self, sitting: bytes) -> SealingKey | None:
        """The key for *sitting*, or None: never made, or deleted."""
        path = self._path(sitting)
        return read_sealing_key(path, self._secret) if path.exists() else None

    def all(self) -> tuple[SealingKey, ...]:
        """Every key that was not deleted."""
        return tuple(
            read_sealing_key(path, self._secret) for path in sorted(self._directory.glob(_PATTERN))
        )

    def erase(self, sitting: bytes) -> tuple[bytes, ...]:
        """Delete the key for *sitting*, durably; its id, or nothing when none can be read.

        Raises :class:`KeyringError`.
        """
        try:
            key = self.find(sitting)
        except KeyFileError:  # damaged, so it has no id any more; it goes all the same
            key = None
        path = self._path(sitting)
        try:
            path.unlink(missing_ok=True)
            sync_directory(path.parent)
        except OSError as problem:
            raise KeyringError(
                "The key {path} could not be deleted ({why}); close the sitting again.",
                path=str(path),
                why=problem.strerror or type(problem).__name__,
            ) from None
        return () if key is None else (key.key_id,)

    def _path(self, sitting: bytes) -> Path:
        return self._directory / f"restore-{sitting.hex()}.key"
