"""Commands of the packager's desk: ``exam-kiosk package``."""

from __future__ import annotations

import secrets
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import UsageError
from exam_packages.evidence import KEEP_DAYS
from exam_packages.files import write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.keys import read_signing_key
from exam_packages.sealing.order import MAX_ORDER
from exam_packages.sealing.package import MAX_VOLUME_SIZE, Package
from exam_packages.sealing.trust import Trust
from exam_packages.sealing.trust_root import MAX_ROOT_SIZE

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_MIB = 1024 * 1024


@click.group()
def package() -> None:
    """Exams on their way out: draw, seal, grant, check."""


@package.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--report", type=_FILE, help="Tell what became of each item, as an HTML page.")
@click.option("--json", "listing", type=_FILE, help="The same for programs.")
@click.option("--body", "directory", type=_DIRECTORY, help="Also draw a form of the test here.")
@click.option("--seed", help="Draws the same form again; as secret as the paper. Default: random.")
def import_(
    source: Path,
    report: Path | None,
    listing: Path | None,
    directory: Path | None,
    seed: str | None,
) -> None:
    """Read the bank in SOURCE (a folder, a zip or a file) and tell what became of each item.

    With --body also draw a form of its test and check it against its blueprint.
    """
    if directory is None or report is not None or listing is not None:
        _tell(source, report, listing)
    if directory is None:
        return
    from exam_packages.packaging import import_exam

    lot = seed.encode() if seed else secrets.token_bytes(32)
    form = import_exam(Body(directory), source, lot)
    count = len(form.paper.references())
    click.echo(f"“{form.paper.title}”: {count} items, {form.paper.time_limit_s // 60} minutes.")
    click.echo(form.paper.form)


def _tell(source: Path, report: Path | None, listing: Path | None) -> None:
    from exam_packages.formats import told
    from exam_packages.formats.banks import read_bank
    from exam_packages.formats.page import to_page

    bank = read_bank(source)
    if report is not None:
        report.write_text(to_page(bank, source.name), encoding="utf-8")
    if listing is not None:
        listing.write_text(told.to_json(bank), encoding="utf-8")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    click.echo(told.to_text(bank, width), nl=False)


@package.command("draw")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--blueprint", type=_FILE, help="Instead of the blueprint.toml in SOURCE.")
@click.option("--statistics", type=_FILE, help="A CSV table of what is known of the items.")
@click.option("--forms", "count", type=click.IntRange(1), default=1, show_default=True)
@click.option("--seed", help="Draws the same forms again; as secret as the paper. Default: random.")
@click.option("--like", metavar="FORM", help="Draw FORM again, as it was drawn.")
def draw(
    source: Path,
    directory: Path,
    blueprint: Path | None,
    statistics: Path | None,
    count: int,
    seed: str | None,
    like: str | None,
) -> None:
    """Draw forms from the test or bank in SOURCE by its blueprint, and keep them.

    Several forms of a bank are parallel: they keep one blueprint, share few items, and are
    made alike in points and in what is known of their items. Each is sealed by itself, for a
    window of its own.
    """
    from exam_packages.drawing import draw_again, draw_exam, read_source
    from exam_packages.forms import overview

    if like is not None and (seed is not None or count != 1):
        raise UsageError("With --like the seed and the number of forms are those of that draw.")
    body, read = Body(directory), read_source(source, blueprint, statistics)
    if like is not None:
        drawn = draw_again(body, read, like)
    else:
        lot = seed.encode() if seed else secrets.token_bytes(32)
        now_s = SystemClock().wall_ns() // SECOND
        drawn = draw_exam(body, read, lot, now_s=now_s, count=count)
    click.echo(overview(drawn.forms, read.statistics))


@package.command("seal")
@click.argument("form")
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--out", type=_FILE, required=True, help="The package file to write.")
@click.option("--from", "from_", required=True, help="The sitting's window, like 2026-11-23T09:00")
@click.option("--to", required=True, help="The end of the window.")
@click.option("--not-before", help="Earliest opening. Default: the window's beginning.")
@click.option("--expires", help="Bars starting from then on. Default: the window's end.")
@click.option(
    "--volume-size",
    "volume_mib",
    type=click.IntRange(1, MAX_VOLUME_SIZE // _MIB),
    help="MiB of the largest file: what is more goes on in OUT.2, OUT.3, … Default: below 4 GiB, "
    "what a FAT32 stick takes.",
)
@passphrase_option
def seal(
    form: str,
    directory: Path,
    out: Path,
    from_: str,
    to: str,
    not_before: str | None,
    expires: str | None,
    volume_mib: int | None,
    passphrases: Passphrases,
) -> None:
    """Seal FORM into one package for all centres. Times without a zone are local."""
    from exam_packages.packaging import Sitting, seal_form

    sitting = Sitting(
        from_s=_seconds(from_),
        to_s=_seconds(to),
        not_before_s=_seconds(not_before or from_),
        expires_s=_seconds(expires or to),
    )
    body = Body(directory, passphrases)
    volume_size = volume_mib * _MIB if volume_mib else MAX_VOLUME_SIZE
    core = seal_form(body, form, out, sitting, volume_size=volume_size)
    with Package.open(out, body.trust(), now_s=None) as sealed:
        files = sealed.paths
    for path in files:
        click.echo(f"Sealed “{core.exam}” ({path.stat().st_size} bytes): {path}")
    if len(files) > 1:
        click.echo(f"These {len(files)} files are one package: keep them together.")


@package.command("grant")
@click.argument("package_file", metavar="PACKAGE", type=_FILE)
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--centre", required=True)
@click.option("--slot", required=True, help="The sitting there, like 2026-11-23/A")
@click.option("--out", type=_FILE, required=True, help="The grant file to write.")
@click.option(
    "--codes-file",
    "code_files",
    type=_FILE,
    multiple=True,
    required=True,
    help="Where a release code goes: keep it apart. Give it twice for two codes.",
)
@click.option(
    "--codes",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="How many complete codes, from as many people, release it.",
)
@click.option(
    "--keep-days",
    type=click.IntRange(0, 36_525),
    default=KEEP_DAYS,
    show_default=True,
    help="How long pictures are kept after the window's end; counts in a sitting's first grant.",
)
@passphrase_option
def grant(
    package_file: Path,
    directory: Path,
    centre: str,
    slot: str,
    out: Path,
    code_files: tuple[Path, ...],
    codes: int,
    keep_days: int,
    passphrases: Passphrases,
) -> None:
    """Let the enrolled stations of a centre open PACKAGE, once released by code.

    The same package, centre and sitting again is a new issue: the codes of the issue before
    are withdrawn, and every station needs the new grant.
    """
    from exam_packages.granting import grant_package

    if len(code_files) != codes:
        raise UsageError(
            "{wanted} release codes need {wanted} files: give --codes-file once for each person.",
            wanted=codes,
        )
    granted = grant_package(
        Body(directory, passphrases),
        package_file,
        centre,
        slot,
        SystemClock(),
        code_files=code_files,
        keep_days=keep_days,
    )
    write_durably(out, granted.data)
    again = f", issue {granted.issue}" if granted.issue > 1 else ""
    click.echo(f"Granted to {', '.join(granted.stations)} of {centre}{again}: {out}")
    for path in code_files:
        click.echo(f"A release code, for whoever releases and nobody else: {path}")
    for path in granted.kept:
        click.echo(f"In custody, recoverable by any two custodians: {path}")
    for path in granted.withdrawn:
        click.echo(f"The codes of the issue before are withdrawn: {path}")
    for path in granted.astray:
        click.echo(f"The withdrawn codes are not where they were written ({path}): destroy them.")


@package.command("addendum")
@click.argument("grant_file", metavar="GRANT", type=_FILE)
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--station", type=_FILE, required=True, help="The late station's enrolment record.")
@click.option("--out", type=_FILE, required=True, help="The addendum file to write.")
@passphrase_option
def addendum(
    grant_file: Path, directory: Path, station: Path, out: Path, passphrases: Passphrases
) -> None:
    """Name one more station in GRANT. Needs neither release codes nor package keys."""
    from exam_packages.granting import addendum_for

    data = addendum_for(
        Body(directory, passphrases), grant_file.read_bytes(), station.read_bytes(), SystemClock()
    )
    write_durably(out, data)
    click.echo(f"Load it at that station, with package and grant: {out}")


@package.command("correct")
@click.argument("package_file", metavar="PACKAGE", type=_FILE)
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--item", required=True, help="The identifier of the item.")
@click.option("--text", required=True, help="What candidates read beside it: one line.")
@click.option("--out", type=_FILE, required=True, help="The correction to write, for each hall.")
@passphrase_option
def correct(
    package_file: Path, directory: Path, item: str, text: str, out: Path, passphrases: Passphrases
) -> None:
    """Correct an item of PACKAGE while it is sat. Signed, and readable by whoever carries it."""
    from exam_packages.correcting import correct as sign

    body = Body(directory, passphrases)
    with Package.open(package_file, body.trust(), now_s=None) as opened:
        package_hash = opened.package_hash
    write_durably(out, sign(body, package_hash, item, text, SystemClock()))
    click.echo(f"Give it to each hall, for `hall act correct`: {out}")


@package.command("order")
@click.argument("grant_file", metavar="GRANT", type=_FILE)
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option(
    "--hall",
    "halls",
    type=_FILE,
    multiple=True,
    required=True,
    help="Enrolment record of a hall that gets the release: the hall's, its standby's.",
)
@click.option("--out", type=_FILE, required=True, help="The order to write, for each officer.")
@passphrase_option
def order(
    grant_file: Path,
    directory: Path,
    halls: tuple[Path, ...],
    out: Path,
    passphrases: Passphrases,
) -> None:
    """Order the release officers to release GRANT online. Holds no secret, needs no code."""
    from exam_packages.releasing import order_release

    enrolments = [path.read_bytes() for path in halls]
    body = Body(directory, passphrases)
    write_durably(out, order_release(body, grant_file.read_bytes(), enrolments, SystemClock()))
    click.echo(f"Give it to each release officer, for `package release`: {out}")


@package.command("release")
@click.argument("order_file", metavar="ORDER", type=_FILE)
@click.option("--trust", "root", type=_FILE, required=True, help="The body's root of trust.")
@click.option(
    "--key", "keys", type=_FILE, multiple=True, required=True, help="The officer's key file."
)
@click.option("--codes-file", "code_file", type=_FILE, required=True, help="The officer's code.")
@click.option("--add-to", type=_FILE, help="The release file that the other officer made.")
@click.option("--out", type=_FILE, required=True, help="The release file to write.")
@passphrase_option
def release(
    order_file: Path,
    root: Path,
    keys: tuple[Path, ...],
    code_file: Path,
    add_to: Path | None,
    out: Path,
    passphrases: Passphrases,
) -> None:
    """Release one code of ORDER online: a file, signed by its officer, that the halls can open.

    Where the exam has two codes, the second officer adds theirs to the first one's file, at a
    desk of their own. Whoever has the whole file and a hall can release the exam once its time
    has come: send it late.
    """
    from exam_packages.granting import read_code_file
    from exam_packages.releasing import release_code
    from exam_packages.sealing.release import MAX_RELEASE

    trust = Trust.first(_bounded(root, MAX_ROOT_SIZE), pinned=None)
    data, made = release_code(
        _bounded(order_file, MAX_ORDER),
        trust,
        read_code_file(code_file).decode("utf-8", "replace").strip(),
        [read_signing_key(path, passphrases.for_key) for path in keys],
        SystemClock(),
        to=b"" if add_to is None else _bounded(add_to, MAX_RELEASE),
    )
    write_durably(out, data, mode=0o600)
    if made.missing:
        click.echo(
            f"Code {made.missing[0]} is missing: give this to the other release officer, who adds "
            f"theirs with --add-to: {out}"
        )
    else:
        click.echo(
            f"Send it to the hall, and release there with `hall act … release --file`: {out}"
        )


@package.command("check")
@click.argument("package_file", metavar="PACKAGE", type=_FILE)
@click.option("--trust", "root", type=_FILE, required=True, help="The body's root of trust.")
def check(package_file: Path, root: Path) -> None:
    """Check signatures, hashes, expiry and versions of PACKAGE. Needs no secret."""
    trust = Trust.first(root.read_bytes(), pinned=None)
    now_s = SystemClock().wall_ns() // SECOND
    trust.check_time(now_s)
    with Package.open(package_file, trust, now_s=now_s) as opened:
        opened.check()
        core = opened.core
        click.echo(f"Sound: “{core.exam}”, form {core.form}, signed by {trust.root.body}.")
        click.echo(f"Sitting: {_when(core.window_from_s)} to {_when(core.window_to_s)}")
        click.echo(f"Package: {opened.package_hash.hex()}")


def _bounded(path: Path, limit: int) -> bytes:
    """What is in *path*, and one byte more than *limit* at most: its reader refuses that."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            "“{text}” is no time; write it like 2026-11-23T09:00 or 2026-11-23T09:00+01:00.",
            text=text,
        ) from None


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(timespec="minutes")


@package.command("export")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option(
    "--as",
    "form",
    type=click.Choice(["qti", "markdown", "csv"]),
    default="qti",
    show_default=True,
    help="The format to write.",
)
def export(source: Path, out: Path, form: str) -> None:
    """Write the questions of the bank in SOURCE anew, as a new folder OUT or a file OUT.zip.

    SOURCE is a file, a folder or a zip of any format that is read. What could not be read or
    written is told, and the command then ends with 1.
    """
    from exam_packages.formats import archive
    from exam_packages.formats.banks import bank_of
    from exam_packages.formats.export import export_bank
    from exam_packages.formats.qti.reader import BLUEPRINT, choose

    files = archive.load_any(source)
    bank = bank_of(files, source.name)
    if len(bank.tests) > 1 and BLUEPRINT in files:
        bank = replace(bank, tests=(choose(bank, files),))
    elif len(bank.tests) > 1:
        click.echo(
            f"The bank has {len(bank.tests)} tests, and no {BLUEPRINT} names one: the questions"
            " are written without them.",
            err=True,
        )
        bank = replace(bank, tests=())
    written = export_bank(bank, form, out, files.get(BLUEPRINT, b""))
    for line in written.told:
        click.echo(line, err=True)
    click.echo(f"{written.count} of {len(bank.readings)} questions are in {out}.")
    if written.count < len(bank.readings):
        raise SystemExit(1)
