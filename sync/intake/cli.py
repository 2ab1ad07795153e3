"""Commands of the body's intake: ``exam-kiosk intake``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError, UsageError
from exam_packages.files import make_directory, write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.bundle import check_hand_in_code
from exam_packages.sealing.correction import MAX_CORRECTION
from exam_packages.sealing.log import Checkpoint
from exam_packages.sealing.log_entry import register_entry
from exam_packages.sealing.log_proof import overdue, read_proof, verify_receipt_in_log
from exam_packages.sealing.receipt import Receipt, read_receipt
from exam_packages.sealing.retention import entry_digest, read_entry
from exam_packages.sealing.trust import CHECKPOINT, Trust, TrustStore
from sync.intake.by_stick import take_in
from sync.intake.home import PORT, IntakeHome
from sync.intake.log import Log
from sync.intake.service import Intake, Unknown
from sync.intake.storage import Storage
from sync.stick import Stick

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_ADDRESS = f"127.0.0.1:{PORT}"


class ReceiptProblem(ExamError):
    """A receipt does not show what it should."""


@click.group()
def intake() -> None:
    """The body's intake: takes bundles in, gives receipts, keeps the log."""


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--address", default=_ADDRESS, show_default=True, help="HOST:PORT to listen on.")
@click.option("--host", "hosts", multiple=True, help="Another name halls reach it under.")
@click.option(
    "--log-port", type=click.IntRange(0, 65535), help="Also let anyone read the log, at this port."
)
@passphrase_option
def init(
    home: Path,
    directory: Path,
    address: str,
    hosts: tuple[str, ...],
    log_port: int | None,
    passphrases: Passphrases,
) -> None:
    """Make the intake's HOME: the intake role's key, trust, a TLS certificate."""
    host, port = _split(address)
    IntakeHome.create(home, Body(directory, passphrases), host, port, hosts, log_port)
    click.echo(f"The intake is ready in {home}; start it with `exam-kiosk intake serve {home}`.")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--address", help="HOST:PORT to listen on. Default: as in intake.toml.")
def serve(home: Path, address: str | None) -> None:
    """Run the intake in HOME until it is stopped."""
    from sync.intake.server import serve as serve_home

    loaded = IntakeHome.load(home)
    host, port = _split(address) if address else (loaded.address, loaded.port)
    shown = f"[{host}]" if ":" in host else host

    def ready(port: int, log_port: int | None) -> None:
        click.echo(f"Intake listens on https://{shown}:{port}")
        if log_port is not None:
            click.echo(f"The log is read at https://{shown}:{log_port}/log")

    serve_home(loaded, host, port, ready)


@intake.command("import")
@click.argument("home", type=_DIRECTORY)
@click.argument("medium", type=click.Path(exists=True, file_okay=False, path_type=Path))
def import_(home: Path, medium: Path) -> None:
    """Take in the exams on MEDIUM, a stick from a hall, and write their receipts onto it.

    The intake in HOME may run meanwhile. Ends with status 1 if something was not taken.
    """
    loaded = IntakeHome.load(home)
    trust = loaded.trust()
    with loaded.storage() as storage:
        desk = Intake(storage, lambda: trust, loaded.key(), SystemClock(), loaded.free)
        done = take_in(desk, Stick.at(medium), trust.root.body)
    click.echo(
        f"{done.taken} exams taken in, {done.known} known before; {done.pictures} pictures, "
        f"{done.reports} reports of questions. The "
        f"receipts are on {medium}: bring it back to the hall."
    )
    if done.corrections:
        click.echo(f"{done.corrections} corrections of what is open there go back with them.")
    for problem in done.problems:
        click.echo(f"Not taken: {problem}")
    if done.problems:
        raise SystemExit(1)


@intake.command("trust")
@click.argument("home", type=_DIRECTORY)
@click.argument("roots", nargs=-1, required=True, type=_FILE)
def follow_trust(home: Path, roots: tuple[Path, ...]) -> None:
    """Take the body's next ROOTS of trust, in their order; a running intake sees it at once."""
    loaded = IntakeHome.load(home)
    trust = loaded.trust()
    for path in roots:
        trust = TrustStore(loaded.trust_directory).install(path.read_bytes())
    click.echo(f"The root of trust of “{trust.root.body}” is now version {trust.root.version}.")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(home: Path, as_json: bool) -> None:
    """Say what HOME has taken in, and what it refused."""
    loaded = IntakeHome.load(home)
    with loaded.storage() as storage:
        refused = storage.refused()
        late = _log(loaded, storage).overdue()
        counts = {**storage.counts(), "receipts_overdue": late}
    if as_json:
        listed = [
            {"bundle": each.bundle_hash.hex(), "reason": each.reason, "seen_s": each.seen_s}
            for each in refused
        ]
        click.echo(json.dumps({**counts, "refused_bundles": listed}, indent=2))
        return
    for name, count in counts.items():
        click.echo(f"{name.replace('_', ' '):>18}: {count}")
    if late:
        click.echo(
            f"INCIDENT: {late} receipts are more than 24 hours old and no checkpoint covers them. "
            "Have the log signed (`exam-kiosk intake checkpoint`); if that is refused, raise an "
            "alarm."
        )
    for each in refused:
        click.echo(f"Refused {_when(each.seen_s)} {each.bundle_hash.hex()[:16]}…: {each.reason}")


@intake.command()
@click.argument("home", metavar="HOME|URL")
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--ca", type=_FILE, help="The authority of the URL's certificate (PEM).")
@passphrase_option
def checkpoint(home: str, directory: Path, ca: Path | None, passphrases: Passphrases) -> None:
    """Sign the log in HOME, or at URL, with the checkpoint role's key.

    Run it where that key lies, which is not where the intake runs. What was signed last is
    kept in the body's directory, and the log must prove that it continues it.
    """
    from sync.intake.checkpoint import UnsignedLog, sign_log
    from sync.log.site import LogSite

    body = Body(directory, passphrases)

    def sign(log: UnsignedLog) -> Checkpoint:
        key = body.signing_key(CHECKPOINT)
        return sign_log(log, body.trust(), key, directory / "log" / "checkpoint")

    if "://" in home:
        with LogSite(home, ca or body.tls_ca) as site:
            signed = sign(site)
    else:
        loaded = IntakeHome.load(Path(home))
        with loaded.storage() as storage:
            signed = sign(_log(loaded, storage))
    click.echo(f"Signed the log at {signed.size} entries, root {signed.root.hex()}.")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.argument("entries", metavar="ENTRY...", nargs=-1, required=True, type=_FILE)
def publish(home: Path, entries: tuple[Path, ...]) -> None:
    """Put what the body's register of holds and deletions says into the log.

    Each ENTRY is a file of the register, or a certificate of deletion. Only its digest is
    logged, no name and no reason; whoever has the file can then show that it was made, and
    the body cannot unmake it. One that is in the log already stays where it is.

    \b
    Example: exam-kiosk intake publish INTAKE INTEGRITY/retention/*.entry
    """
    loaded = IntakeHome.load(home)
    trust = loaded.trust()
    signed = [path.read_bytes() for path in entries]
    for data in signed:
        read_entry(data, trust)
    with loaded.storage() as storage:
        for path, data in zip(entries, signed, strict=True):
            number = storage.log_once(register_entry(entry_digest(data)))
            click.echo(f"{path} is entry {number} of the log.")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, required=True)
@click.option("--package", help="Only attempts at the package with this hash.")
def export(home: Path, out: Path, package: str | None) -> None:
    """Hand the scoring desk the answers of every attempt, without evidence or identity."""
    from sync.intake.export import export as write_answers

    with IntakeHome.load(home).storage() as storage:
        paths = write_answers(storage, out, _hash(package) if package else None)
    click.echo(f"Handed over {len(paths)} attempts: {out}")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, required=True, help="A new directory.")
def records(home: Path, out: Path) -> None:
    """Hand the registrar the sealed records of closed sittings, with their halls' enrolments.

    Never to the scoring desk: it has no key to them, and no need of them.
    """
    with IntakeHome.load(home).storage() as storage:
        found = storage.records()
    make_directory(out)
    for place, (record, enrolment) in enumerate(found, 1):
        write_durably(out / f"{place:04}.record", record)
        write_durably(out / f"{place:04}.enrolment", enrolment)
    click.echo(f"Handed over {len(found)} records: {out}")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, required=True, help="A new directory.")
def surveys(home: Path, out: Path) -> None:
    """Hand whoever keeps the survey key the sealed surveys, with their halls' enrolments.

    They open with `exam-kiosk body surveys`, and with no other key of the body.
    """
    with IntakeHome.load(home).storage() as storage:
        found = storage.sheaves()
    make_directory(out)
    for place, (sheaf, enrolment) in enumerate(found, 1):
        write_durably(out / f"{place:04}.surveys", sheaf)
        write_durably(out / f"{place:04}.enrolment", enrolment)
    click.echo(f"Handed over {len(found)} sheaves of surveys: {out}")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.argument("files", metavar="CORRECTION...", nargs=-1, required=True, type=_FILE)
def correction(home: Path, files: tuple[Path, ...]) -> None:
    """Let the halls have each CORRECTION that `exam-kiosk package correct` signed.

    A hall that has the exam open asks once a minute; people there hand it on. The intake in
    HOME may run meanwhile.
    """
    loaded = IntakeHome.load(home)
    trust = loaded.trust()
    with loaded.storage() as storage:
        desk = Intake(storage, lambda: trust, loaded.key(), SystemClock(), loaded.free)
        for path in files:
            with path.open("rb") as file:
                found = desk.publish_correction(file.read(MAX_CORRECTION + 1))
            click.echo(
                f"{path}: the correction of “{found.item}” waits for the halls of the package "
                f"{found.package_hash.hex()[:16]}…."
            )


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, help="Also write them, sealed, into this new directory.")
def reports(home: Path, out: Path | None) -> None:
    """List the reports of faulty questions that halls sent on.

    What they say is sealed to the integrity role: `exam-kiosk body reports` opens what --out
    wrote, with the enrolments of their halls beside it.
    """
    with IntakeHome.load(home).storage() as storage:
        found = storage.reports()
    for each in found:
        click.echo(
            f"{_when(each.received_s)}  {each.centre}, package {each.package_hash.hex()[:16]}…, "
            f"report {each.digest.hex()[:16]}…"
        )
    if not found:
        click.echo("No reports of questions have come.")
    if out is None:
        return
    make_directory(out)
    for place, each in enumerate(found, 1):
        write_durably(out / f"{place:04}.report", each.report)
        write_durably(out / f"{place:04}.enrolment", each.enrolment)
    click.echo(f"Handed over {len(found)} reports: {out}")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.argument("code")
@click.option("--out", type=_FILE, required=True, help="The bundle file to write.")
def bundle(home: Path, code: str, out: Path) -> None:
    """Write the whole bundle of a hand-in CODE, with its sealed pictures, for a panel."""
    from sync.intake.export import write_whole

    with IntakeHome.load(home).storage() as storage:
        write_whole(storage, _named(storage, code), out)
    click.echo(f"{out}")


@intake.command()
@click.argument("home", type=_DIRECTORY)
@click.argument("code")
@click.option("--out", type=_DIRECTORY, required=True)
def receipt(home: Path, code: str, out: Path) -> None:
    """Write the receipt for a hand-in CODE, the proof of its place in the log, its anchors."""
    loaded = IntakeHome.load(home)
    with loaded.storage() as storage:
        data = _receipt_for(storage, code)
        found = read_receipt(data, loaded.trust())
        make_directory(out)
        name = found.bundle_hash.hex()[:16]
        paths = [out / f"{name}.receipt"]
        write_durably(paths[0], data)
        text = _proof(_log(loaded, storage), found)
        if text:
            paths.append(out / f"{name}.tlog-proof")
            write_durably(paths[1], text.encode())
        anchors = storage.anchors(found.bundle_hash)
        if anchors is not None:
            paths.append(out / f"{name}.anchors")
            write_durably(paths[-1], anchors)
    for path in paths:
        click.echo(str(path))
    if not text:
        click.echo("The log's newest checkpoint does not cover it yet; ask again later.")


@intake.command("verify-receipt")
@click.argument("receipt_file", metavar="RECEIPT", type=_FILE)
@click.option("--trust", "root", type=_FILE, required=True, help="The body's root of trust.")
@click.option("--code", required=True, help="The hand-in code the candidate was given.")
@click.option("--proof", "proof_file", type=_FILE, help="Also prove its place in the log.")
def verify_receipt(receipt_file: Path, root: Path, code: str, proof_file: Path | None) -> None:
    """Check a RECEIPT against the hand-in code, and its place in the log. Needs no secret."""
    trust = Trust.first(root.read_bytes(), pinned=None)
    found = read_receipt(receipt_file.read_bytes(), trust)
    if not check_hand_in_code(code, found.bundle_hash):
        raise ReceiptProblem(
            "The receipt in {path} is not for this hand-in code; check every group of it.",
            path=str(receipt_file),
        )
    click.echo(f"{trust.root.body} received this exam on {_when(found.time_s)}.")
    if proof_file is not None:
        proof = read_proof(proof_file.read_text(encoding="utf-8"))
        covered = verify_receipt_in_log(found, proof, trust)
        click.echo(
            f"It is entry {found.leaf} of the log “{covered.origin}” with {covered.size} entries."
        )
    elif overdue(found.time_s, SystemClock().wall_ns() // SECOND):
        click.echo(
            "That is more than 24 hours ago, so its place in the log must be provable by now: ask "
            "the certification body for the proof, and check it with --proof. If there is none, "
            "that is an incident: keep this receipt, and tell whoever supervises the body."
        )
    else:
        click.echo("Within 24 hours of that, its place in the log can be proven too (--proof).")


def _receipt_for(storage: Storage, code: str) -> bytes:
    found = storage.receipt(_named(storage, code))
    assert found is not None, "a stored bundle has its receipt"  # noqa: S101
    return found


def _named(storage: Storage, code: str) -> bytes:
    """The hash of the bundle with this hand-in code."""
    for bundle_hash in storage.bundles():
        if check_hand_in_code(code, bundle_hash):
            return bundle_hash
    raise ReceiptProblem("No bundle with this hand-in code has been taken in here.")


def _proof(log: Log, found: Receipt) -> str | None:
    try:
        return log.proof(found.leaf)
    except Unknown:
        return None


def _log(home: IntakeHome, storage: Storage) -> Log:
    return Log(storage, home.trust, SystemClock(), home.free)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
        raise UsageError(
            "“{address}” is no address to listen on; write it like 127.0.0.1:8445.",
            address=address,
        )
    return host, int(port)


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise UsageError("“{text}” is no package hash: 64 hexadecimal digits.", text=text)
    return value


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
