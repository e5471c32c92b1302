"""bqemulator for one test, on loopback, which can be stopped, frozen and killed; and what asks it: Google's own client, with the
key of a service account that is made for the test."""

import json
import sys

import google.auth.exceptions
import google.api_core.exceptions
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import bigquery
from google.oauth2 import service_account

from clickhouse_door import Door
from clickhouse_server import Target
from peer import HERE, ask

PROJECT = "market-project"
# What a client raises while the service is away.
AWAY = (google.api_core.exceptions.GoogleAPIError, google.auth.exceptions.GoogleAuthError, requests.RequestException)


def make_key(folder, name, port):
    """The key file of a service account, and beside it the public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pem").write_bytes(public)
    (folder / f"{name}.json").write_text(json.dumps({
        "type": "service_account", "project_id": PROJECT, "private_key_id": "1", "private_key": private.decode(),
        "client_email": f"{name}@{PROJECT}.iam.gserviceaccount.com", "token_uri": f"http://127.0.0.1:{port}/token"}))
    return folder / f"{name}.json"


class Emulator(Target):
    """The emulator, which answers only those who have the key."""

    def prepare(self):
        self.key = make_key(self.folder, "right", self.port)
        self.wrong_key = make_key(self.folder, "wrong", self.port)

    def command(self):
        return [sys.executable, str(HERE / "bigquery_emulator.py"), str(self.folder / "data"), str(self.port),
                "--key", str(self.folder / "right.pem")]

    def answers(self):
        return ask(self.url + "/bigquery/v2/projects", timeout=2) is not None

    def client(self):
        credentials = service_account.Credentials.from_service_account_file(str(self.key))
        return bigquery.Client(PROJECT, credentials, client_options={"api_endpoint": self.url})

    def refuse(self, table, rule):
        """From here on load jobs with such rows fail."""
        ask(self.url + "/refuse", json.dumps({"table": table, "where": rule}))


class LossyDoor(Door):
    """Loses what is said around load jobs, and around labels that say how far a table is."""

    def kind(self, handler, body):
        if "/upload/" in handler.path or "/insertAll" in handler.path:
            return "rows"
        return "notes" if handler.command == "PATCH" else None
