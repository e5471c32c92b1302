"""A door in front of a PostgreSQL server that loses what is said around a COMMIT, so that nobody knows what became of it."""

import itertools
import random
import socket
import threading
import time

from peer import free_port

# What becomes of a COMMIT: it never arrives; it arrives and its answer gets lost; it arrives long after the client was cut
# off, when the client has already begun anew.
FATES = ["lost", "unanswered", "late"]


class Door(threading.Thread):
    """Forwards connections. Of two COMMITs one passes untouched, so that a client gets on; the others meet each fate in turn,
    in an order drawn from the seed."""

    def __init__(self, target, seed):
        super().__init__(daemon=True)
        self.target, self.port = target, free_port()
        order = random.Random(seed).sample(FATES, len(FATES))
        self.fates = itertools.chain.from_iterable((None, fate) for fate in itertools.cycle(order))
        self.met = dict.fromkeys(FATES, 0)
        self.listener = socket.create_server(("127.0.0.1", self.port))

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=20)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        answers = threading.Thread(target=self.answer, args=(client, server), daemon=True)
        answers.start()
        try:
            while said := client.recv(1 << 16):
                # A COMMIT is a message by itself: the client waits for the answer to what it said before.
                fate = next(self.fates) if len(said) < 100 and b"COMMIT" in said.upper() else None
                if fate:
                    cut(client)
                    if fate == "late":
                        time.sleep(1.5)
                    if fate != "lost":
                        server.sendall(said)
                        time.sleep(0.2)
                    self.met[fate] += 1
                    break
                server.sendall(said)
        except OSError:
            pass
        cut(server)
        answers.join()

    @staticmethod
    def answer(client, server):
        """What the server says goes to the client while there is one, and is read in any case."""
        try:
            while said := server.recv(1 << 16):
                try:
                    client.sendall(said)
                except OSError:
                    continue
        except OSError:
            pass
        cut(client)


def cut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
