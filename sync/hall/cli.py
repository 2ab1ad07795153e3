"""``exam-kiosk hall``: open a sitting, name operators, serve, and act from a script."""

from __future__ import annotations

import json
import time
from pathlib import Path

import apsw
import click

from exam_packages.clock import SECOND
from exam_packages.files import make_directory, write_durably
from exam_packages.language import ngettext
from exam_packages.sealing.correction import MAX_CORRECTION
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.heads import write_anchors
from exam_packages.sealing.package import Package
from exam_packages.sealing.release import MAX_RELEASE
from sync.hall import (
    accommodation_cli,
    anchors,
    by_stick,
    closing,
    line_cli,
    paper_cli,
    room,
    seats,
    waivers,
)
from sync.hall.acts import ROLES
from sync.hall.command import Command
from sync.hall.desk import Desk
from sync.hall.home import HallHome
from sync.hall.reasons import REASONS
from sync.hall.roster import MAX_ROSTER, RosterError, read_roster
from sync.hall.roster_cli import minutes_option, profile_reader, profiles_option, tell_others
from sync.hall.schema import audit, open_store
from sync.holder.store import Store
from sync.stick import Stick
from sync.web.sessions import hash_password

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_HOME = click.Path(file_okay=False, path_type=Path)
_MAX_GRANT = 64 * 1024 * 1024


@click.group()
def hall() -> None:
    """Run a hall: the server that holds, admits, releases and relays in one room."""


@hall.command()
@click.argument("home", type=_HOME)
def serve(home: Path) -> None:
    """Serve the hall in HOME until it is ended.

    Prints one line of JSON with its ports when it is ready.
    """
    from sync.hall.main import serve as run

    run(HallHome.load(home))


@hall.command()
@click.argument("home", type=_HOME)
@click.option("--package", "package_path", type=_FILE, required=True, help="The sealed package.")
@click.option("--grant", "grant_path", type=_FILE, required=True, help="This centre's grant.")
@click.option("--roster", "roster_path", type=_FILE, required=True, help="CSV of candidates.")
@click.option("--title", required=True, help="What the sitting is called on the board.")
@profiles_option
@minutes_option
@click.option("--rules", "rules_path", type=_FILE, help="The body's rules of the room (TOML).")
def sitting(
    home: Path,
    package_path: Path,
    grant_path: Path,
    roster_path: Path,
    title: str,
    profiles: Path | None,
    minutes: int,
    rules_path: Path | None,
) -> None:
    """Open a sitting at the hall in HOME: which exam, and who is expected.

    The package and the grant are checked; the roster has the columns
    candidate,name,code,extra_minutes, and those of accommodations where there are some.
    """
    machine = HallHome.load(home)
    trust = machine.trust()
    now_ns = time.time_ns()
    with Package.open(package_path, trust, now_s=now_ns // SECOND) as package:
        core, package_hash = package.core, package.package_hash
    grant = read_grant(_bounded(grant_path, _MAX_GRANT), trust, now_s=now_ns // SECOND)
    if grant.package_hash != package_hash:
        raise click.ClickException("The grant is for another package than this one.")
    if grant.centre != machine.centre:
        raise click.ClickException(
            f"The grant is for the centre “{grant.centre}”; this hall belongs to "
            f"“{machine.centre}”."
        )
    roster = _bounded(roster_path, MAX_ROSTER)
    lines = read_roster(roster, profile_reader(profiles), minutes=minutes)
    tell_others(lines)
    rules = None
    if rules_path is not None:
        rules = room.read_rules(_bounded(rules_path, room.MAX_RULES), form=core.form)
    store = open_store(home)
    try:
        _check_command(machine, store)

        def work(connection: apsw.Connection) -> None:
            number = seats.add_sitting(
                connection,
                title=title,
                exam=core.exam,
                slot=grant.slot,
                package_hash=package_hash,
                release_id=grant.release_id,
                codes=grant.codes,
                not_before_s=core.not_before_s,
                lines=lines,
                time_ns=now_ns,
            )
            if rules is not None:
                room.keep(connection, number, rules)
            waivers.keep_window(connection, number, core.window_to_s, core.least_client)

        store.write(work)
    finally:
        store.close()
    expected = ngettext("{n} candidate", "{n} candidates", len(lines))
    click.echo(f"Sitting “{title}” ({grant.slot}) is open: {expected} expected.")


@hall.command()
@click.argument("home", type=_HOME)
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--password-file", type=_FILE, required=True, help="First line: the password.")
def operator(home: Path, name: str, role: str, password_file: Path) -> None:
    """Let NAME sign in at the console of the hall in HOME, or change role and password."""
    machine = HallHome.load(home)
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise click.BadParameter("A name is 1 to 100 printable characters.")
    stored = hash_password(_password(password_file))
    store = open_store(home)
    try:
        _check_command(machine, store)

        def work(connection: apsw.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO operators (name, role, password) VALUES (?, ?, ?)",
                (name.strip(), role, stored),
            )
            audit(connection, time.time_ns(), "", f"operator {name.strip()} ({role})")

        store.write(work)
    finally:
        store.close()
    click.echo(f"{name.strip()} may sign in as {role}.")


@hall.command()
@click.argument("home", type=_HOME)
@click.option("--out", type=_HOME, required=True, help="A new directory.")
def erasures(home: Path, out: Path) -> None:
    """Write the signed statements of erasure of closed sittings to OUT.

    One file per sitting and machine: what it deleted, when, and on whose order.
    """
    store = open_store(HallHome.load(home).directory)
    try:
        with store.reading() as connection:
            found = closing.statements(connection)
    finally:
        store.close()
    out.mkdir(parents=True)
    for place, (_, _, statement) in enumerate(found, 1):
        write_durably(out / f"{place:04}.erasure", statement)
    click.echo(f"{len(found)} statements of erasure written to {out}.")


@hall.command("anchors")
@click.argument("home", type=_HOME)
@click.option("--out", type=_HOME, required=True)
def anchors_(home: Path, out: Path) -> None:
    """Write to OUT what shows each exam's place in the body's log: a file for each.

    `exam-kiosk verify` reads them beside the exam's bundle or journal.
    """
    store = open_store(HallHome.load(home).directory)
    count = 0
    try:
        with store.reading() as connection:
            attempts = anchors.attempts(connection)
        for blind_id, made in zip(attempts, anchors.anchors(store, attempts), strict=True):
            if made:
                make_directory(out)
                write_durably(out / f"{blind_id.hex()}.anchors", write_anchors(blind_id, made))
                count += 1
    finally:
        store.close()
    click.echo(f"{count} exams are in the body's log; {len(attempts) - count} wait for it.")


@hall.command("export")
@click.argument("home", type=_HOME)
@click.argument("medium", type=click.Path(exists=True, file_okay=False, path_type=Path))
def export_(home: Path, medium: Path) -> None:
    """Write the exams of the hall in HOME that the body has not confirmed to MEDIUM, a stick.

    May be done again at any time, also after it broke off: the hall may run meanwhile.
    """
    machine = HallHome.load(home)
    store = open_store(home)
    try:
        done = by_stick.export(machine, store, Stick.at(medium), time.time_ns())
    finally:
        store.close()
    click.echo(f"{done.exams} exams and {done.pictures} pictures are on {medium}.")
    if done.absent:
        click.echo(
            f"{done.absent} pictures have not reached this hall; they are still at stations."
        )
    click.echo("Take it to the body (`exam-kiosk intake import`), and bring it back for receipts.")


@hall.command("receipts")
@click.argument("home", type=_HOME)
@click.argument("medium", type=click.Path(exists=True, file_okay=False, path_type=Path))
def receipts(home: Path, medium: Path) -> None:
    """Take the body's receipts and corrections from MEDIUM, a stick that came back."""
    machine = HallHome.load(home)
    store = open_store(home)
    try:
        done = by_stick.take_receipts(machine, store, Stick.at(medium), time.time_ns())
    finally:
        store.close()
    click.echo(f"{done.taken} receipts taken, {done.known} known before.")
    if done.arrived:
        click.echo(f"{done.arrived} statements, records and reports have arrived at the body.")
    if done.corrections:
        click.echo(f"{done.corrections} corrections wait on the board: hand them on there.")
    if done.strange:
        click.echo(f"{done.strange} are not for exams of this hall, or not the body's: left alone.")


class _HomeFirst(click.Group):
    """A group whose argument may stand before its options, as everywhere else.

    click gives everything after a group's first argument to the subcommand.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = 1
        while end < len(args) and args[end].startswith("-"):
            alone = "=" in args[end] or args[end] in ("-h", "--help")
            end += 1 if alone else 2
        if args and not args[0].startswith("-"):
            args = [*args[1:end], args[0], *args[end:]]
        return super().parse_args(ctx, args)


@hall.group(cls=_HomeFirst)
@click.argument("home", type=_HOME)
@click.option("--operator", "name", required=True, help="Who acts.")
@click.option("--password-file", type=_FILE, required=True, help="First line: the password.")
@click.option("--port", type=int, default=0, help="The console's port, if not the settings'.")
@click.pass_context
def act(context: click.Context, home: Path, name: str, password_file: Path, port: int) -> None:
    """Act at the running hall in HOME, as an operator who signs in."""
    machine = HallHome.load(home)
    desk = Desk(machine, port or machine.console_port)
    context.obj = context.with_resource(desk)
    desk.sign_in(name, _password(password_file))


_reason = click.option(
    "--reason",
    type=click.Choice([code for group in REASONS.values() for code in group]),
    default="routine.start",
    show_default=True,
)
_comment = click.option("--comment", default="")


def _target(candidate: str | None, everyone: bool) -> dict[str, str]:
    if (candidate is None) != everyone:
        raise click.UsageError("Name one candidate, or say --all.")
    return {"all": "1"} if candidate is None else {"candidate": candidate}


def _simple(name: str, words: str) -> None:
    """Add one act that needs nothing but whom it is for."""

    @act.command(name, help=words)
    @click.argument("candidate", required=False)
    @click.option("--all", "everyone", is_flag=True, help="Every open exam.")
    @_reason
    @_comment
    @click.pass_obj
    def command(
        desk: Desk, candidate: str | None, everyone: bool, reason: str, comment: str
    ) -> None:
        target = _target(candidate, everyone)
        click.echo(desk.act(name, reason=reason, comment=comment, **target))


_simple("admit", "Admit CANDIDATE, or all who wait.")
_simple("pause", "Stop the clock and hide the questions.")
_simple("resume", "Let the clock run on.")
_simple("stop", "Stop and hand in, with everything answered so far.")
_simple("let-back", "CANDIDATE's identity was checked after a break: show the questions again.")
_simple("allow-break", "Allow one more break by asking, on the exam's time.")
_simple("allow-restart", "Let an interrupted exam go on.")
_simple("take-in", "Take in the exam of CANDIDATE that a station has and this hall lost.")


@act.command("add-time")
@click.argument("candidate", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every open exam.")
@click.option("--minutes", type=int, required=True)
@_reason
@_comment
@click.pass_obj
def add_time(
    desk: Desk, candidate: str | None, everyone: bool, minutes: int, reason: str, comment: str
) -> None:
    """Add minutes for CANDIDATE; less than 0 takes back."""
    target = _target(candidate, everyone)
    click.echo(desk.act("add-time", minutes=str(minutes), reason=reason, comment=comment, **target))


@act.command()
@click.argument("candidate", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every open exam.")
@click.option("--text", required=True)
@_reason
@_comment
@click.pass_obj
def say(
    desk: Desk, candidate: str | None, everyone: bool, text: str, reason: str, comment: str
) -> None:
    """Show a message to CANDIDATE."""
    target = _target(candidate, everyone)
    click.echo(desk.act("say", text=text, reason=reason, comment=comment, **target))


@act.command()
@click.argument("code", required=False)
@click.option("--file", "path", type=_FILE, help="The body's signed release, in place of codes.")
@_reason
@_comment
@click.pass_obj
def release(desk: Desk, code: str | None, path: Path | None, reason: str, comment: str) -> None:
    """Release the exam with its CODE, or with the release file of the certification body.

    Where two people release, each types one code as the operator they are.
    """
    if (code is None) == (path is None):
        raise click.UsageError("Give one code, or a file with --file.")
    if path is not None:
        data = _bounded(path, MAX_RELEASE)
        click.echo(desk.upload("release-file", "release", data, reason=reason, comment=comment))
    elif code is not None:
        click.echo(desk.act("release", code=code, reason=reason, comment=comment))


@act.command()
@click.argument("path", metavar="CORRECTION", type=_FILE)
@_reason
@_comment
@click.pass_obj
def correct(desk: Desk, path: Path, reason: str, comment: str) -> None:
    """Hand the certification body's signed CORRECTION of an item on to every open exam."""
    data = _bounded(path, MAX_CORRECTION)
    click.echo(desk.upload("correct", "correction", data, reason=reason, comment=comment))


@act.command()
@click.argument("candidate")
@click.option("--to", "station", required=True, help="The station to go on at.")
@_reason
@_comment
@click.pass_obj
def move(desk: Desk, candidate: str, station: str, reason: str, comment: str) -> None:
    """Let the exam of CANDIDATE go on at another station. Two people must say so."""
    fields = {"candidate": candidate, "station": station}
    click.echo(desk.act("move", reason=reason, comment=comment, **fields))


@act.command()
@click.argument("candidate")
@_reason
@_comment
@click.pass_obj
def reopen(desk: Desk, candidate: str, reason: str, comment: str) -> None:
    """Reopen the hand-in of CANDIDATE. Two people must say so, one of them the chief."""
    click.echo(desk.act("reopen", reason=reason, comment=comment, candidate=candidate))


@act.command("close")
@click.option("--sitting", default="", help="Its number, where several are open.")
@_reason
@_comment
@click.pass_obj
def close_(desk: Desk, sitting: str, reason: str, comment: str) -> None:
    """Close a sitting, once every exam is handed in and every line has an outcome."""
    click.echo(desk.act("close", all="1", sitting=sitting, reason=reason, comment=comment))


for _command in (*accommodation_cli.COMMANDS, *line_cli.COMMANDS, *paper_cli.COMMANDS):
    act.add_command(_command)
hall.add_command(paper_cli.papers_from_disk)


@act.command("do")
@click.argument("name")
@click.option("--all", "everyone", is_flag=True, help="Every open exam.")
@click.option("--set", "fields", multiple=True, metavar="NAME=VALUE", help="A field of its form.")
@_reason
@_comment
@click.pass_obj
def do_(
    desk: Desk, name: str, everyone: bool, fields: tuple[str, ...], reason: str, comment: str
) -> None:
    """Do the act NAME of the console, such as evacuate, present, end-evacuation, power-cut.

    docs/invigilating.md lists the acts and what their forms hold.
    """
    if not all("=" in field for field in fields):
        raise click.UsageError("Write each field as NAME=VALUE.")
    form = dict(field.split("=", 1) for field in fields)
    if everyone:
        form["all"] = "1"
    click.echo(desk.act(name, **{**form, "reason": reason, "comment": comment}))


@act.command()
@click.option("--json", "as_json", is_flag=True, help="The whole board, for scripts.")
@click.pass_obj
def status(desk: Desk, as_json: bool) -> None:
    """Show the board."""
    board = desk.board()
    if as_json:
        click.echo(json.dumps(board, ensure_ascii=False))
        return
    click.echo(f"{board['title'] or 'No sitting is open'}  {board['slot']}")
    for row in board["rows"]:
        click.echo(
            f"{row['seat']:>4}  {row['candidate']:<16} {row['state']:<28} "
            f"{row['answered']:>3}/{row['items']:<3} {row['station']}"
        )


def _check_command(machine: HallHome, store: Store) -> None:
    """Refuse to change a standby: it would be undone by the hall that it follows."""
    key = machine.enrolment().verify_key
    Command(store, key, machine.centre, standby=machine.standby).check()


def _password(path: Path) -> str:
    try:
        lines = _bounded(path, 4096).decode("utf-8", "strict").splitlines()
    except UnicodeDecodeError:
        raise click.ClickException(f"The password file {path} is not UTF-8 text.") from None
    return lines[0] if lines else ""


def _bounded(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise RosterError("The file {path} is too large.", path=str(path))
    return data
