"""The listener: who may connect, and one session per client name."""

import asyncio
import hmac
import http
import ipaddress
import logging
import ssl
import urllib.parse

from websockets.asyncio.server import serve

from .session import Session
from .store import Client, Store
from .terminal import Terminal

log = logging.getLogger("tapedeck_mt5")

# Close code of a connection whose client has connected anew.
REPLACED = 4009


class Refusal(Exception):
    """The options do not allow to listen."""


def check_exposure(host, has_tls, token):
    """Everywhere but on this machine itself the bridge shows an account: it then wants TLS and a token."""
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if is_local:
        return
    missing = [name for name, there in (("--cert and --key", has_tls), ("BRIDGE_TOKEN", token)) if not there]
    if missing:
        raise Refusal(f"listening on {host} shows your account to others: set {' and '.join(missing)} first, "
                      "or listen on 127.0.0.1")


class Server:
    """Serves clients until cancelled."""

    def __init__(self, options, mt5, login, clock):
        self._options = options
        self._login = login
        self._clock = clock
        self._mt5 = mt5
        self._sockets = {}

    async def run(self, ready=lambda port: None):
        """Listens; `ready` gets the port."""
        options = self._options
        check_exposure(options.host, bool(options.cert), options.token)
        tls = None
        if options.cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(options.cert, options.key)
        self._store = Store(options.state, self._clock)
        self._terminal = Terminal(self._mt5, self._login)
        tasks = [asyncio.create_task(self._terminal.keep()), asyncio.create_task(self._store.keep())]
        try:
            async with serve(self._serve, options.host, options.port, ssl=tls, process_request=self._admit,
                             max_size=1 << 20, write_limit=1 << 18, ping_interval=20, ping_timeout=40) as server:
                port = server.sockets[0].getsockname()[1]
                log.info("listening on %s://%s:%d", "wss" if tls else "ws", options.host, port)
                ready(port)
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._store.save()
            self._terminal.close()

    def _admit(self, socket, request):
        """Refuses who does not know the token, before the connection is up."""
        token = self._options.token
        if not token:
            return None
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or query.get("token", [""])[0]
        if hmac.compare_digest(given.encode(), token.encode()):
            return None
        log.warning("refused %s: wrong or no token", socket.remote_address)
        return socket.respond(http.HTTPStatus.UNAUTHORIZED, "the token is wrong or missing\n")

    async def _serve(self, socket):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(socket.request.path).query)
        # Nothing is kept of who gives no name.
        name = query.get("client", [""])[0][:64]
        earlier = self._sockets.get(name)
        if name:
            self._sockets[name] = socket
        if earlier is not None:
            # Two connections of one name would acknowledge over each other; the earlier is likely half-open.
            await earlier.close(REPLACED, "this client has connected anew")
        log.info("client %s connected from %s", name, socket.remote_address)
        client = self._store.client(name) if name else Client()
        session = Session(socket, name, client, self._terminal, self._clock, self._options.poll / 1000)
        try:
            await session.run()
        except Exception:
            log.exception("the session of client %s failed", name)
            await socket.close(1011, "the bridge failed; see its log")
        finally:
            if self._sockets.get(name) is socket:
                del self._sockets[name]
            log.info("client %s is gone", name)
