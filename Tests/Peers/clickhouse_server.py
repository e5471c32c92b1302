"""ClickHouse servers for one test, on loopback, which can be stopped, frozen and killed: the old one that Debian has, and
today's engine behind a thin HTTP door (clickhouse_engine.py)."""

import contextlib
import hashlib
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse

from peer import HERE, ask, free_port, wait_for

USER = "tapedeck"


def program():
    """Debian's server; None without."""
    return shutil.which("clickhouse-server", path="/usr/sbin:/usr/bin:/usr/local/bin")


def has_engine():
    """Whether today's engine is there: chdb, which is not imported here since that starts it."""
    return any((pathlib.Path(path) / "chdb").is_dir() for path in sys.path)


class Target:
    """A server in a folder of its own, which the end of its `with` block removes."""

    def __init__(self, password):
        self.password, self.port, self.process = password, free_port(), None
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tapedeck-clickhouse-"))
        self.log = self.folder / "server.log"
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, seconds=60):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.folder, stdout=log, stderr=log)
        if not wait_for(lambda: self.answers() or not self.is_running(), seconds) or not self.is_running():
            raise SystemExit(f"the server did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.kill()

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def freeze(self):
        """Connections stay, and are even taken, but nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def ask(self, sql, timeout=60):
        return ask(self.url + "/?" + urllib.parse.urlencode({"wait_end_of_query": 1}), sql,
                   {"X-ClickHouse-User": USER, "X-ClickHouse-Key": self.password}, timeout)

    def answers(self):
        answer = self.ask("SELECT 1", timeout=5)
        return answer is not None and answer[0] == 200

    def read(self, sql):
        """The bytes of an answer."""
        answer = self.ask(sql)
        if answer is None or answer[0] != 200:
            raise SystemExit(f"{sql[:300]}: {answer and answer[1][:1000]}")
        return answer[1]

    def execute(self, sql):
        """The rows of an answer, as lists of texts."""
        return [line.split("\t") for line in self.read(sql).decode().splitlines()]


class Server(Target):
    """Debian's server."""

    name = "server"
    is_modern = False

    def prepare(self):
        (self.folder / "data/tmp").mkdir(parents=True)
        # Whether the server is asked to write to the disk is none of what is tried here.
        (self.folder / "config.xml").write_text(f"""<yandex>
<logger><level>warning</level><log>{self.folder}/messages.log</log><errorlog>{self.folder}/errors.log</errorlog></logger>
<http_port>{self.port}</http_port><tcp_port>{free_port()}</tcp_port><interserver_http_port>{free_port()}</interserver_http_port>
<listen_host>127.0.0.1</listen_host><path>{self.folder}/data/</path><tmp_path>{self.folder}/data/tmp/</tmp_path>
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>100000000</mark_cache_size></yandex>""")
        password = hashlib.sha256(self.password.encode()).hexdigest()
        (self.folder / "users.xml").write_text(f"""<yandex><profiles><default/></profiles><quotas><default/></quotas><users>
<{USER}><password_sha256_hex>{password}</password_sha256_hex><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
<quota>default</quota></{USER}></users></yandex>""")

    def command(self):
        return [program(), f"--config-file={self.folder}/config.xml"]


class Engine(Target):
    """Today's engine behind a door of our own."""

    name = "engine"
    is_modern = True

    def prepare(self):
        (self.folder / "settings.json").write_text(json.dumps({"port": self.port, "user": USER, "password": self.password}))

    def command(self):
        return [sys.executable, str(HERE / "clickhouse_engine.py"), str(self.folder)]
