"""Commands that make machines: ``body``, ``station``, and the first two of ``hall``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.clock import SystemClock
from exam_packages.errors import UsageError
from exam_packages.files import write_durably
from exam_packages.language import SOURCE, languages
from exam_packages.passphrases import Passphrases, media_option, passphrase_option
from exam_packages.sealing.keys import read_signing_key, write_signing_key
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import BY_TPM, Trust, TrustRoot
from exam_packages.sealing.trust_root import MAX_ROOT_SIZE
from provisioning import (
    authority,
    chiefs,
    custody_cli,
    drafts,
    homes,
    registrar_cli,
    reports_cli,
    retention_cli,
    succession,
    survey_cli,
)
from provisioning.station_home import CAMERA_AUTO, StationHome
from sync.credentials import has_tpm
from sync.machine import HallMachine, MachineHome

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_DIGEST_SIZE = 32


@click.group()
def body() -> None:
    """The certification body: its root of trust, its machines."""


@body.command("init")
@click.argument("directory", type=_DIRECTORY)
@click.option("--name", required=True, help="The body's name, as people know it.")
@passphrase_option
def body_init(directory: Path, name: str, passphrases: Passphrases) -> None:
    """Found a body in DIRECTORY: keys of every role, the signed root of trust.

    Prints the digest of the root: every machine is pinned to it when it is installed.
    """
    trust = authority.found_body(directory, name, SystemClock(), passphrases)
    click.echo(f"{name} is founded in {directory}.")
    click.echo("Digest of its root of trust, to compare on every machine:")
    click.echo(trust.digest.hex())


@body.command("enrol")
@click.argument("directory", type=_DIRECTORY)
@click.argument("requests", nargs=-1, required=True, type=_FILE)
@click.option("--out", type=_DIRECTORY, required=True, help="Where the answers go.")
@passphrase_option
def body_enrol(
    directory: Path, requests: tuple[Path, ...], out: Path, passphrases: Passphrases
) -> None:
    """Enrol the machines whose REQUESTS you have checked; write one answer for each."""
    out.mkdir(parents=True, exist_ok=True)
    at = Body(directory, passphrases)
    for path in requests:
        request, answer = authority.enrol(at, path.read_bytes(), SystemClock())
        target = out / f"{request.file_name}.answer"
        write_durably(target, answer)
        kept = "TPM-backed, as it says" if request.protection == BY_TPM else "in files"
        click.echo(f"Enrolled the {request.word} “{request.machine}” (keys {kept}): {target}")


@body.group("trust")
def body_trust() -> None:
    """The next root of trust: after a year, a lost key, a stolen machine."""


_draft_option = click.option(
    "--draft",
    type=_FILE,
    help="Write the next root here, for root holders to sign at their own desks (`trust sign`).",
)


@body_trust.command("rotate")
@click.argument("directory", type=_DIRECTORY)
@click.option("--replace", multiple=True, metavar="HOLDER", help="Gets a new key, like packager.")
@click.option("--remove", multiple=True, metavar="HOLDER", help="Loses the role, like release-2.")
@click.option(
    "--newcomer",
    "records",
    multiple=True,
    nargs=2,
    metavar="HOLDER RECORD",
    help="HOLDER, like root-2, is replaced by who made RECORD with `trust holder`.",
)
@_draft_option
@media_option
@passphrase_option
def body_trust_rotate(
    directory: Path,
    replace: tuple[str, ...],
    remove: tuple[str, ...],
    records: tuple[tuple[str, str], ...],
    draft: Path | None,
    media: tuple[Path, ...],
    passphrases: Passphrases,
) -> None:
    """Make the next root of trust of the body in DIRECTORY; with no option, renew its time.

    It is signed with every root key that lies there or is brought. Replaced and removed keys
    are deleted: destroy other copies. What a replaced packager or enrolment key has signed is
    refused by every machine that has taken the new root: then draw and grant other forms, or
    enrol the machines again.
    """
    at = Body(directory, passphrases, media)
    newcomers = {
        holder: drafts.read_holder(_bounded(Path(path), drafts.MAX_RECORD))
        for holder, path in records
    }
    made, new = succession.rotated(
        at, SystemClock(), replace=replace, remove=remove, newcomers=newcomers
    )
    _finish_root(at, made, new, draft)


@body_trust.command("revoke")
@click.argument("directory", type=_DIRECTORY)
@click.argument("enrolments", nargs=-1, required=True, type=_FILE)
@_draft_option
@media_option
@passphrase_option
def body_trust_revoke(
    directory: Path,
    enrolments: tuple[Path, ...],
    draft: Path | None,
    media: tuple[Path, ...],
    passphrases: Passphrases,
) -> None:
    """Believe the machines of these ENROLMENTS no more: stolen, lost, sold.

    No grant names them any more, and halls, stations and the intake that have taken the new
    root refuse them, also exams of theirs that are still on their way.
    """
    at = Body(directory, passphrases, media)
    records = [path.read_bytes() for path in enrolments]
    made, machines = succession.revoked(at, SystemClock(), records)
    _finish_root(at, made, [], draft)
    for machine in machines:
        done = "To be revoked" if draft is not None else "Revoked"
        click.echo(f"{done}: “{machine.machine}” of centre “{machine.centre}”.")


@body_trust.command("holder")
@click.argument("key", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="The record to send to the body.")
@passphrase_option
def body_trust_holder(key: Path, out: Path, passphrases: Passphrases) -> None:
    """Make KEY, the key of a future root holder or release officer, at their own desk.

    KEY stays on its holder's medium, under their passphrase. The record that goes to the body
    holds its public half; read its id to the body by another road.
    """
    made = SigningKey.generate(pair=True)
    write_signing_key(key, made, passphrases.new(f"The key {key.name}"))
    write_durably(out, drafts.holder_record(made))
    click.echo(f"The key {made.key_id.hex()} lies at {key}.")
    click.echo(f"Send its record to the body, for `body trust rotate --newcomer`: {out}")


@body_trust.command("sign")
@click.argument("draft", type=_FILE)
@click.option("--trust", "root", type=_FILE, required=True, help="The body's root of today.")
@click.option("--key", "keys", type=_FILE, multiple=True, required=True, help="Your key file.")
@click.option("--out", type=_FILE, required=True, help="The draft with your signature.")
@click.option("--yes", is_flag=True, help="Sign without asking: you have read what it changes.")
@passphrase_option
def body_trust_sign(
    draft: Path,
    root: Path,
    keys: tuple[Path, ...],
    out: Path,
    yes: bool,
    passphrases: Passphrases,
) -> None:
    """Read what DRAFT, the next root of trust, changes, and sign it. At your own desk."""
    before = Trust.first(_bounded(root, MAX_ROOT_SIZE), pinned=None)
    data = _bounded(draft, MAX_ROOT_SIZE)
    for change in drafts.look(before, data).changes:
        click.echo(change)
    if not yes:
        click.confirm("Is that what was decided? Sign it", abort=True)
    signing = [read_signing_key(path, passphrases.for_key) for path in keys]
    signed, standing = drafts.sign_draft(before, data, signing)
    write_durably(out, signed)
    click.echo(f"Signed: {out}")
    for who, count in (("today's root holders", standing.before), ("the next", standing.after)):
        click.echo(f"Of {who}, {count.count} have signed; {count.needed} must.")
    if standing.enough:
        click.echo("That is enough: give it to the packager, for `body trust install`.")


@body_trust.command("install")
@click.argument("directory", type=_DIRECTORY)
@click.argument("draft", type=_FILE)
def body_trust_install(directory: Path, draft: Path) -> None:
    """Put DRAFT in its place as the next root of the body in DIRECTORY: enough have signed it.

    Keys that it ended are deleted in DIRECTORY; destroy other copies.
    """
    at = Body(directory)
    _say_root(at, succession.install(at, _bounded(draft, MAX_ROOT_SIZE)))


def _finish_root(at: Body, made: TrustRoot, new: Sequence[SigningKey], draft: Path | None) -> None:
    if draft is None:
        _say_root(at, succession.install(at, succession.signed(at, made, new)))
        return
    data = succession.draft(at, made, new)
    write_durably(draft, data)
    standing = drafts.look(at.trust(), data)
    click.echo(
        f"A draft of version {made.version}, signed by {standing.before.count} of the "
        f"{standing.before.needed} root holders it needs. Each signs it at their own desk with "
        f"`body trust sign`: {draft}"
    )


def _say_root(at: Body, trust: Trust) -> None:
    version = trust.root.version
    click.echo(
        f"Root of trust, version {version}. Every machine takes it with its `trust` command:"
    )
    click.echo(str(at.root_version_path(version)))
    click.echo("Its digest, for machines that are installed from now on:")
    click.echo(trust.digest.hex())


for _command in (
    *custody_cli.COMMANDS,
    *retention_cli.COMMANDS,
    *registrar_cli.COMMANDS,
    *survey_cli.COMMANDS,
    *reports_cli.COMMANDS,
    chiefs.chief_key,
    chiefs.chief,
):
    body.add_command(_command)


_protection_option = click.option(
    "--key-protection",
    "protection",
    type=click.Choice(["auto", "file", "tpm"]),
    default="auto",
    show_default=True,
    help="Whether this machine's TPM seals its keys, or they lie in files alone. auto: the TPM "
    "where there is one.",
)


def _use_tpm(protection: str) -> bool:
    return protection == "tpm" or (protection == "auto" and has_tpm())


@click.group()
def station() -> None:
    """A candidate's workstation."""


@station.command("init")
@click.argument("home", type=_DIRECTORY)
@click.option("--id", "name", required=True, help="The station's name in its hall.")
@click.option("--centre", required=True, help="The centre it belongs to.")
@click.option("--hall-url", required=True, help="Where its hall is, like https://10.0.0.2:8443")
@click.option(
    "--standby-url", "standbys", multiple=True, help="Where another hall of the centre is."
)
@click.option(
    "--neighbour-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Keep sealed records of other stations at this port, and have its own kept by one.",
)
@click.option(
    "--camera",
    default=CAMERA_AUTO,
    show_default=True,
    help="auto, none, or a video file that stands in for a camera.",
)
@click.option(
    "--language",
    type=click.Choice(list(languages())),
    default=SOURCE,
    show_default=True,
    help="Of the screen's own words, until the candidate chooses another.",
)
@_protection_option
def station_init(
    home: Path,
    name: str,
    centre: str,
    hall_url: str,
    standbys: tuple[str, ...],
    neighbour_port: int,
    camera: str,
    language: str,
    protection: str,
) -> None:
    """Make a station's home and keys, and the request to enrol it."""
    tpm = _use_tpm(protection)
    homes.new_station(
        home,
        name,
        centre,
        hall_url,
        standbys=standbys,
        neighbour_port=neighbour_port,
        camera=camera,
        language=language,
        tpm=tpm,
    )
    _say_request(home, tpm)


@station.command("load")
@click.argument("home", type=_DIRECTORY)
@click.argument("package", type=_FILE)
@click.argument("grant", type=_FILE)
@click.option("--addendum", type=_FILE, help="Names this station, where GRANT does not.")
def station_load(home: Path, package: Path, grant: Path, addendum: Path | None) -> None:
    """Check PACKAGE and this station's GRANT for it, whole, and keep both."""
    from provisioning.preflight import load

    core = load(StationHome.load(home), package, grant, SystemClock(), addendum=addendum)
    click.echo(f"“{core.exam}” is loaded; it opens when it is released.")


@station.command("check")
@click.argument("home", type=_DIRECTORY)
def station_check(home: Path) -> None:
    """Look at everything the station needs; ends with status 1 if anything is missing."""
    from provisioning.preflight import examine

    good = True
    for finding in examine(StationHome.load(home), SystemClock()):
        good = good and finding.good
        click.echo(f"{'✓' if finding.good else '✗'} {finding.words}")
    sys.exit(0 if good else 1)


@click.group()
def hall() -> None:
    """The hall: a centre's server."""


@hall.command("init")
@click.argument("home", type=_DIRECTORY)
@click.option("--id", "name", required=True, help="The hall's name.")
@click.option("--centre", required=True, help="The centre it belongs to.")
@click.option("--address", required=True, help="The host name or address it is reached under.")
@click.option("--intake-url", required=True, help="Where the body's intake is.")
@click.option("--station-port", default=homes.STATION_PORT, show_default=True)
@click.option("--console-port", default=homes.CONSOLE_PORT, show_default=True)
@click.option("--other", "others", multiple=True, help="Another hall of the centre: its address.")
@click.option("--standby", is_flag=True, help="The other hall commands, until the chief says so.")
@_protection_option
def hall_init(
    home: Path,
    name: str,
    centre: str,
    address: str,
    intake_url: str,
    station_port: int,
    console_port: int,
    others: tuple[str, ...],
    standby: bool,
    protection: str,
) -> None:
    """Make a hall's home and keys, and the request to enrol it."""
    tpm = _use_tpm(protection)
    homes.new_hall(
        home,
        name,
        centre,
        address,
        intake_url,
        station_port=station_port,
        console_port=console_port,
        others=others,
        standby=standby,
        tpm=tpm,
    )
    _say_request(home, tpm)


hall.add_command(chiefs.command)


def _install_command(group: click.Group, machine: type[MachineHome]) -> None:
    @group.command("install", help=f"Take the body's ANSWER to the request of this {machine.word}.")
    @click.argument("home", type=_DIRECTORY)
    @click.argument("answer", type=_FILE)
    @click.option(
        "--trust",
        required=True,
        help="Digest of the body's root of trust, as the body told you by another road.",
    )
    def install(home: Path, answer: Path, trust: str) -> None:
        found = machine.load(home)
        homes.install(found, answer.read_bytes(), SystemClock(), pinned=_digest(trust))
        click.echo(f"The {machine.word} “{found.id}” of centre “{found.centre}” is enrolled.")


def _trust_command(group: click.Group, machine: type[MachineHome]) -> None:
    @group.command("trust")
    @click.argument("home", type=_DIRECTORY)
    @click.argument("roots", nargs=-1, required=True, type=_FILE)
    def trust(home: Path, roots: tuple[Path, ...]) -> None:
        """Take the body's next ROOTS of trust, in their order.

        Each must follow the one before; an earlier one is never taken. No digest is needed:
        the root this machine has vouches for the next.
        """
        taken = homes.follow_trust(machine.load(home), [path.read_bytes() for path in roots])
        click.echo(f"The root of trust of “{taken.root.body}” is now version {taken.root.version}.")


for _group, _machine in ((station, StationHome), (hall, HallMachine)):
    _install_command(_group, _machine)
    _trust_command(_group, _machine)


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != _DIGEST_SIZE:
        raise UsageError("The digest of a root of trust is 64 hexadecimal digits.")
    return digest


def _bounded(path: Path, limit: int) -> bytes:
    """What is in *path*, and one byte more than *limit* at most: its reader refuses that."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _say_request(home: Path, tpm: bool) -> None:
    kept = "sealed by this machine's TPM" if tpm else "in files of this user, without a TPM"
    click.echo(f"The keys are {kept}.")
    click.echo(f"Send this request to the certification body: {home / homes.REQUEST_NAME}")
