"""What the client matrix stands on: processes with a time limit, a server, and the verdicts."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

USER, PASSWORD = "alice", "secret"

# Seconds for one run of a client. The large tree has its own limit.
LIMIT = 60


class Failed(Exception):
    """The client did not do what it was asked, or something else than that."""


class NotApplicable(Exception):
    """The client cannot do this at all; the text says why."""


class Log:
    """What one operation ran and what came of it, for the report of a failure."""

    def __init__(self):
        self.text = ""

    def add(self, text):
        self.text += text.rstrip("\n") + "\n"

    def tail(self, lines=25):
        return "\n".join("      " + line for line in self.text.splitlines()[-lines:])


def run(log, argv, *, stdin="", cwd=None, env=None, limit=LIMIT, check=True):
    """Runs a client to its end. Returns its exit code and everything it printed."""
    argv = [str(word) for word in argv]
    log.add("$ " + " ".join(argv) + (f" <<< {stdin!r}" if stdin else ""))
    process = subprocess.Popen(
        argv, cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(stdin.encode(), timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        log.add(output.decode(errors="replace"))
        raise Failed(f"no end after {limit} s") from None
    text = output.decode(errors="replace")
    log.add(text)
    if check and process.returncode != 0:
        raise Failed(f"exit code {process.returncode}")
    return process.returncode, text


class Server:
    """A server under test: its addresses by family, and the directory it serves, as the disk has it."""

    def __init__(self, addresses, root):
        self.addresses = addresses  # {("IPv4", ""): (host, port), ("IPv4", "implicit"): (host, port), …}
        self.root = Path(root)

    def address(self, way):
        """Where it is reached in that way; `None` where it is not."""
        return self.addresses.get((way.family, "implicit" if way.security == "implicit" else ""))

    def stop(self):
        """Nothing: it is not ours."""


class OwnServer(Server):
    """`ftpd`, started on ports of the kernel's choice and stopped by SIGTERM."""

    def __init__(self, binary, flags=(), tls=None):
        self.root = Path(tempfile.mkdtemp(prefix="ftpd-clients-"))
        self.log_path = self.root.with_suffix(".log")
        argv = [binary, self.root, "--listen", "127.0.0.1:0", "--user", f"{USER}:{PASSWORD}:rw", "--anonymous", "ro", *flags]
        listeners = 1
        if has_ipv6():
            argv += ["--listen", "[::1]:0"]
            listeners += 1
        if tls:
            argv += ["--tls", "optional", "--implicit-tls", "127.0.0.1:0", "--tls-data-reuse",
                     "on" if tls == "reuse" else "off"]
            listeners += 1
        # Where a server keeps the certificate that it makes.
        environment = {**os.environ, "XDG_STATE_HOME": str(self.root.with_suffix(".state"))}
        with open(self.log_path, "wb") as log_file:
            self.process = subprocess.Popen(
                [str(word) for word in argv], stdout=subprocess.PIPE, stderr=log_file, text=True,
                env=environment)
        super().__init__(self.read_addresses(listeners), self.root)

    def read_addresses(self, listeners):
        addresses = {}
        for line in self.process.stdout:
            found = re.search(r"listening on \[?([0-9a-f.:]+?)\]?:(\d+)( \(implicit TLS\))?$", line.strip())
            if found:
                key = "IPv6" if ":" in found[1] else "IPv4", "implicit" if found[3] else ""
                addresses[key] = (found[1], int(found[2]))
            if len(addresses) == listeners:
                return addresses
        raise SystemExit(f"the server did not start:\n{self.log_path.read_text()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none: it had to be killed"
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.root.with_suffix(".state"), ignore_errors=True)
        if code != 0:
            raise SystemExit(f"the server's exit code after SIGTERM is {code}; its log is {self.log_path}")
        self.log_path.unlink()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False
