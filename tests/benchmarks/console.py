"""What the console costs with a full hall: 500 stations at work, one browser looking on.

A hall's service and its console run in a process of their own. The words of 500 stations change
there as at a sitting: time runs on, answers come, now and then a hand goes up; only their way
over the network is left out (``hall.py`` measures that). Real Chromium shows the board. Printed,
from one run: the time from a station's word to its row in the browser, beside the stream's
period, which is the best it can be; and the share of a core that the process takes with nobody
looking on, with one browser, and with three; and with one browser at the gallery, where each
station sends a small picture every 15 s, beside one at the board.

Run: ``python tests/benchmarks/console.py [stations] [seconds]``
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from exam_packages.body import Body
from exam_packages.clock import SystemClock
from kiosk.proctoring.camera import small
from kiosk.proctoring.rates.faces import drawn
from kiosk.proctoring.rates.scenes import Condition, film
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall
from sync.hall import seats
from sync.hall.home import HallHome
from sync.hall.roster import Line
from sync.hall.schema import open_store
from sync.web.sessions import hash_password

CLOCK = SystemClock()
PASSWORD = "correct horse battery"
PERIOD_MS = 700
_TRIES = 20
_SERVE = """
import json, sys, threading, time
from pathlib import Path
from exam_packages.clock import SystemClock
from sync.hall import seats
from sync.hall.console.app import console_app
from sync.hall.home import HallHome
from sync.hall.schema import open_store
from sync.hall.service import HallService, Link
from sync.messages import Glimpse, Status
from sync.web.server import Listener, bind, run, tls_context

home, clock = HallHome.load(Path(sys.argv[1])), SystemClock()
store = open_store(home.directory)
hall = HallService(home, store, clock)
store.write(lambda connection: connection.execute("DELETE FROM alarms"))
with store.reading() as connection:
    found = seats.seats(connection, seats.open_sitting(connection).id)
PICTURE = Path(sys.argv[2]).read_bytes()
links = [hall.links.setdefault(seat.station, Link(seat.station)) for seat in found]
answered = {}

def word(number, second):
    link, calling = links[number], number == second * 7 % len(links)
    left_ms = 3_600_000 - second * 1000 - number * 3000
    given = answered.get(number, 1 + (number + second) // 40)
    link.status = Status(
        "running", given, 999, left_ms, True, 1, (), 9000, clock.wall_ns(), calling, (), 2
    )
    if (second + number) % 15 == 0:
        glimpse = Glimpse(found[number].blind_id, PICTURE, ())
        hall.glimpses.put(link.key_id, glimpse, clock.wall_ns(), clock.boottime_ns())
    link.blind_id, link.at_ns = found[number].blind_id, clock.boottime_ns()
    link.hand_ns = (link.hand_ns or link.at_ns) if calling else 0

def talk():
    second = 0
    while True:
        for number in range(len(links)):
            word(number, second)
            if number % 50 == 49:
                time.sleep(50 / len(links))
        second += 1

def listen():
    for line in sys.stdin:
        number, given = map(int, line.split())
        answered[number] = given
        word(number, 0)
        print(json.dumps({"wall_ms": time.time() * 1000}), flush=True)

for work in (talk, listen):
    threading.Thread(target=work, daemon=True).start()
tls = tls_context(home.tls_cert, home.tls_key, None, home.tls_password)
console = Listener(console_app(hall), bind("127.0.0.1", 0), tls)
run([console], lambda: print(json.dumps({"port": console.port}), flush=True), lambda: None)
"""
_WATCH = """
([id, words]) => new Promise((resolve) => {
  const row = document.getElementById(id);
  const look = () => {
    if (!row.textContent.includes(words)) return;
    seen.disconnect();
    resolve(Date.now());
  };
  const seen = new MutationObserver(look);
  seen.observe(row, {childList: true, subtree: true, characterData: true});
  window.watching = true;
})
"""


def main(stations: int, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = _hall(Path(name), stations)
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(home.directory), str(_picture(Path(name)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            url = f"https://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
            shares, gallery, times = _measure(process, url, stations, seconds)
        finally:
            process.terminate()
            process.wait()
    times.sort()
    print(f"{stations} stations, {seconds} s each")
    print(
        f"  a word seen in the browser: p50 {statistics.median(times):5.0f} ms, worst "
        f"{times[-1]:5.0f} ms of {len(times)}; the stream's period is {PERIOD_MS} ms: "
        f"ratio {times[-1] / PERIOD_MS:.2f}"
    )
    alone = shares[0]
    for browsers, share in shares.items():
        print(
            f"  {browsers} browsers: {share:6.1%} of a core, of it for the console "
            f"{share - alone:6.1%}"
        )
    ratio = (gallery - alone) / (shares[1] - alone)
    print(f"  1 browser at the gallery: {gallery:6.1%} of a core, ratio to the board {ratio:.2f}")


def _measure(
    process: subprocess.Popen[str], url: str, stations: int, seconds: int
) -> tuple[dict[int, float], float, list[float]]:
    shares = {0: _share(process.pid, seconds)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        pages = [_look(browser, url)]
        shares[1] = _share(process.pid, seconds, pages)
        times = [_seen(process, pages[0], stations, each) for each in range(_TRIES)]
        pages += [_look(browser, url) for _ in range(2)]
        shares[3] = _share(process.pid, seconds, pages)
        for page in pages[1:]:
            page.context.close()
        pages[0].goto(url + "/gallery")
        pages[0].wait_for_selector("body[data-updated]", timeout=60_000)
        gallery = _share(process.pid, seconds, pages[:1])
        browser.close()
    return shares, gallery, times


def _picture(directory: Path) -> Path:
    """A small picture as a station sends it."""
    pixels = next(iter(film(Condition("as usual"), drawn, 1)))
    path = directory / "small.jpg"
    path.write_bytes(small(pixels))
    return path


def _share(pid: int, seconds: int, pages: list[Page] | None = None) -> float:
    """The share of a core that the process took over some seconds."""
    if pages:
        pages[0].wait_for_timeout(2000)  # the first picture is no running cost
    before, began = _cpu_s(pid), time.monotonic()
    if pages:
        pages[0].wait_for_timeout(seconds * 1000)
    else:
        time.sleep(seconds)
    return (_cpu_s(pid) - before) / (time.monotonic() - began)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seen(process: subprocess.Popen[str], page: Page, stations: int, number: int) -> float:
    """Milliseconds from a station's new word to the row that shows it."""
    seat, given = (number * 37) % stations, 500 + number
    watch: Any = page.evaluate_handle(
        "(given) => { window.seen = (" + _WATCH.strip() + ")(given); }",
        [f"seat-{seat + 1}", f"{given} of"],
    )
    del watch
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{seat} {given}\n")
    process.stdin.flush()
    said = float(json.loads(process.stdout.readline())["wall_ms"])
    seen = float(page.evaluate("() => window.seen"))
    return seen - said


def _look(browser: Browser, url: str) -> Page:
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.goto(url + "/sign-in")
    page.fill("#name", "chief")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-updated]", timeout=60_000)
    return page


def _hall(directory: Path, stations: int) -> HallHome:
    body = Body(directory / "body")
    digest = found_body(body.directory, "Bench", CLOCK).digest
    home = directory / "hall"
    request = new_hall(home, "hall", "C1", "127.0.0.1", "", station_port=0, console_port=0)
    install(HallHome.load(home), enrol(body, request, CLOCK)[1], CLOCK, pinned=digest)
    store = open_store(home)
    lines = [Line(n, f"c-{n}", f"Candidate {n}", f"code-{n:05}", 0) for n in range(stations)]

    def fill(connection: Any) -> None:
        sitting = seats.add_sitting(
            connection,
            title="Bench",
            exam="Bench",
            slot="slot",
            package_hash=bytes(32),
            release_id=bytes(16),
            codes=1,
            not_before_s=0,
            lines=lines,
            time_ns=CLOCK.wall_ns(),
        )
        for seat in seats.seats(connection, sitting):
            key_id = secrets.token_bytes(16)
            connection.execute(
                "INSERT INTO stations (key_id, machine, enrolment, certificate, greeted_ns)"
                " VALUES (?, ?, ?, ?, 0)",
                (key_id, f"s{seat.line}", b"", key_id),
            )
            connection.execute(
                "UPDATE seats SET station = ?, permitted = 1 WHERE blind_id = ?",
                (key_id, seat.blind_id),
            )
        connection.execute(
            "INSERT INTO operators (name, role, password) VALUES ('chief', 'chief', ?)",
            (hash_password(PASSWORD),),
        )

    store.write(fill)
    store.close()
    return HallHome.load(home)


if __name__ == "__main__":
    main(*(int(each) for each in (sys.argv[1:] + ["500", "10"][len(sys.argv) - 1 :])[:2]))
