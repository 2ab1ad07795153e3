"""Inside the station lab's machine: does what the lab says on a serial line, and tells it what
the key-watch tells an agent. A line each way is one JSON value. See ``station.py``."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
import tty

from kiosk.ipc.channel import Channel, ChannelError
from kiosk.ipc.keywatch import SOCKET, FromKeyWatch

LINE = "/dev/ttyS1"


def main() -> None:
    line = os.open(LINE, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    lock = threading.Lock()

    def tell(**what: object) -> None:
        with lock:
            os.write(line, json.dumps(what).encode() + b"\n")

    threading.Thread(target=listen, args=(tell,), daemon=True).start()
    tell(up=os.uname().release)
    with os.fdopen(line, "rb", buffering=0, closefd=False) as commands:
        buffer = b""
        while True:
            buffer += commands.read(4096)
            *whole, buffer = buffer.split(b"\n")
            for each in whole:
                done = subprocess.run(
                    ["/bin/sh", "-c", json.loads(each)],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                tell(status=done.returncode, out=(done.stdout + done.stderr)[-20_000:])


def listen(tell) -> None:  # type: ignore[no-untyped-def]
    """Be the agent that the key-watch speaks to, for ever."""
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(SOCKET)
            channel: Channel[FromKeyWatch] = Channel(sock, FromKeyWatch)
            while True:
                message = channel.receive()
                fields = [getattr(message, name) for name in message.__struct_fields__]
                tell(heard=type(message).__name__, fields=fields)
        except (OSError, ChannelError):
            sock.close()
            time.sleep(0.2)


if __name__ == "__main__":
    main()
