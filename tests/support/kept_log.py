"""A body's log as files, signed with the body's own checkpoint key."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from exam_packages.body import Body
from exam_packages.sealing.log import Tree, checkpoint_body, leaf_hash, sign_checkpoint
from exam_packages.sealing.log_files import LogDirectory
from exam_packages.sealing.log_proof import log_origin, verify_checkpoint, write_growth, write_proof
from exam_packages.sealing.tiles import ENTRIES, WIDTH, Place, join_entries
from exam_packages.sealing.trust import CHECKPOINT


@dataclass
class KeptLog:
    """A log, and the directory in which it is published."""

    body: Body
    directory: Path
    entries: list[bytes] = field(default_factory=list)
    text: str = ""
    """The newest checkpoint."""

    @property
    def tree(self) -> Tree:
        return Tree(leaf_hash(entry) for entry in self.entries)

    def grow(self, *entries: bytes) -> str:
        """Append *entries*, sign, publish; the new checkpoint."""
        self.entries.extend(entries)
        trust, tree = self.body.trust(), self.tree
        note = checkpoint_body(log_origin(trust), len(tree), tree.root())
        self.text = sign_checkpoint(note, self.body.signing_key(CHECKPOINT))

        def tile(place: Place) -> bytes:
            span = range(place.number * WIDTH, place.number * WIDTH + place.width)
            if place.level == ENTRIES:
                return join_entries([self.entries[number] for number in span])
            return b"".join(tree.node(8 * place.level, number) for number in span)

        checkpoint = verify_checkpoint(self.text, trust)
        LogDirectory(self.directory).write(checkpoint, self.text, tile)
        return self.text

    def proof(self, index: int) -> str:
        return write_proof(index, self.tree.inclusion(index), self.text)

    def growth(self, old: int) -> str:
        return write_growth(old, self.tree.consistency(old), self.text)

    def empty(self) -> None:
        """Take everything out of the directory."""
        shutil.rmtree(self.directory)
