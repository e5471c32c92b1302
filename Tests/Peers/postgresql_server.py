"""A PostgreSQL server for one test: a cluster of its own on loopback, which can be stopped, frozen and killed like a real one."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg

from peer import free_port, wait_for

# The role that the program uses: it owns its databases and is no superuser.
ROLE = "tapedeck"


def programs():
    """The folder of the newest server that is installed; None without."""
    versions = [path for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    return pathlib.Path(found).resolve().parent if found else None


def children(pid):
    """The processes that a process has started and that have not ended."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(path.parent.name))
    return found


def is_running(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


class Server:
    """A cluster in a folder of its own, which the end of its `with` block removes. Clients come over TCP with a password; the
    test itself is let in by the socket. The server does not run as root, so that root's tests run it as `postgres`."""

    def __init__(self, password):
        self.password = password
        self.programs = programs()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        self.process = None
        self.stopped = []

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tapedeck-postgresql-"))
        self.data, self.log = self.folder / "data", self.folder / "server.log"
        self.log.touch()
        if self.user:
            account = pwd.getpwnam(self.user)
            for path in [self.folder, self.log]:
                os.chown(path, account.pw_uid, account.pw_gid)
        try:
            self.initialize()
            self.start()
            self.execute("postgres", f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.password}'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, *command, **options):
        """A process as the user of the server."""
        account = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        return subprocess.Popen([str(word) for word in command], cwd=self.folder, **account, **options)

    def initialize(self):
        with open(self.log, "ab") as log:
            made = self.call(self.programs / "initdb", "-D", self.data, "-U", "postgres", "--encoding=UTF8", "--locale=C",
                             "--no-sync", stdout=log, stderr=log).wait(120)
        if made != 0:
            raise SystemExit(f"initdb failed: {self.log.read_text()[-1000:]}")
        (self.data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")

    def start(self, seconds=60):
        """Starts it and waits until it takes connections, which after a kill is once it has recovered."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "on",
                    "shared_buffers": "32MB", "max_connections": 30, "password_encryption": "scram-sha-256"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            self.process = self.call(self.programs / "postgres", "-D", self.data, *options, stdout=log, stderr=log)
        if not wait_for(lambda: self.answers() or self.process.poll() is not None, seconds) or self.process.poll() is not None:
            raise SystemExit(f"the server did not start: {self.log.read_text()[-1000:]}")

    def answers(self):
        with contextlib.suppress(psycopg.OperationalError):
            self.execute("postgres", "SELECT 1")
            return True
        return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Ends it in order; clients are cut off (a fast shutdown)."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def freeze(self):
        """Stops all of its processes where they are: connections stay, and are even taken, but nothing answers."""
        self.process.send_signal(signal.SIGSTOP)
        # One process may start another: a backend starts none, but the postmaster may just have.
        self.stopped = children(self.process.pid)
        for pid in self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in [*self.stopped, self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped = []

    def kill(self):
        """Ends all of its processes at once, none of which can do anything about it, and waits until they are gone."""
        self.freeze()
        pids, self.stopped = [self.process.pid, *self.stopped], []
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(20)
        if not wait_for(lambda: not any(map(is_running, pids)), 20, every=0.01):
            raise SystemExit("a killed server still has processes")

    def database(self, name):
        """Makes a database that belongs to the role; its address without the password."""
        self.execute("postgres", f"CREATE DATABASE {name} OWNER {ROLE}")
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{name}"

    def connect(self, database, **options):
        """A connection of the test's own, as the superuser."""
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database,
                               options="-c TimeZone=UTC", **options)

    def execute(self, database, sql):
        """Rows of one statement, in a transaction of its own; None where it has none."""
        with self.connect(database, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None
