"""The real server as a child process, and a wire between it and a client that can be cut.

The program is `TREASURY_BINARY`, else the one in target/release or target/debug, whichever is
younger.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from typing import List, Optional

from . import ROOT
from treasury.frames import FrameKind, split_frame
from treasury.limits import HELLO_BYTES


def program() -> Optional[pathlib.Path]:
    """The program under test, if it was built."""
    given = os.environ.get("TREASURY_BINARY")
    if given:
        return pathlib.Path(given)
    built = [ROOT / "target" / profile / "treasury" for profile in ("release", "debug")]
    found = [path for path in built if path.exists()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


#: How long a test waits for anything before it fails.
PATIENCE_S = 60.0


class Server:
    """A server on a free port with a data directory of its own."""

    def __init__(self) -> None:
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="treasury-python-"))
        self._process: Optional[subprocess.Popen[bytes]] = None
        self.address = ""
        self.epoch = 0

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        binary = program()
        assert binary is not None, "build the server first: cargo build"
        command = [str(binary), "serve", "--json", "--listen", "127.0.0.1:0", "--create"]
        command += ["--data", str(self.data / "data"), "--environment", "test"]
        command += ["--segment-mib", "4", "--shards", "2"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TREASURY_")}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server ended before it was ready"
        ready = json.loads(line)
        self.address, self.epoch = ready["listening"], ready["epoch"]

    def end(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Kills it, or asks it to stop."""
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        shutil.rmtree(self.data, ignore_errors=True)


class Wire:
    """Passes bytes on between clients and a server. Told of a kind of command, it lets its frame
    through, waits for the server's answer, and then kills the server without passing it on: the
    command is on the server's disk, and its sender cannot know."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._kill_at: Optional[int] = None
        self._killed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: List[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def kill_at(self, kind: int) -> None:
        """Arms it for the first frame that begins with a command of this kind."""
        self._killed.clear()
        self._kill_at = kind

    def wait_killed(self) -> bool:
        """Waits until it has killed the server; false if it never does."""
        return self._killed.wait(PATIENCE_S)

    def close(self) -> None:
        self._listener.close()
        with self._lock:
            for one in self._open:
                one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                host, port = self._server.address.split(":")
                server = socket.create_connection((host, int(port)))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                client.close()
                continue
            with self._lock:
                self._open += [client, server]
            armed = threading.Event()
            threading.Thread(target=self._up, args=(client, server, armed), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, armed), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, armed: threading.Event) -> None:
        data, at = b"", HELLO_BYTES
        try:
            while True:
                read = client.recv(1 << 16)
                if not read:
                    break
                data += read
                while len(data) > at:
                    split = split_frame(data, at)
                    if split is None:
                        break
                    frame, at = split
                    kind = int.from_bytes(frame.body[:2], "little")
                    if frame.kind is FrameKind.COMMANDS and kind == self._kill_at:
                        armed.set()
                server.sendall(read)
        except OSError:
            pass
        _shut(client, server)

    def _down(self, server: socket.socket, client: socket.socket, armed: threading.Event) -> None:
        try:
            while True:
                read = server.recv(1 << 16)
                if not read:
                    break
                if armed.is_set():
                    self._kill_at = None
                    self._server.end()
                    self._killed.set()
                    break
                client.sendall(read)
        except OSError:
            pass
        _shut(client, server)


def _shut(*sockets: socket.socket) -> None:
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
