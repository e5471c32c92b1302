"""Checks a token that a service account signed, with Google's own library, and prints what it states.

Standard input: JSON with token, public_key (PEM), audience. Standard output: the claims as JSON.
"""
import json
import sys

import google.auth.jwt


def main() -> None:
    request = json.load(sys.stdin)
    header = google.auth.jwt.decode_header(request["token"])
    certificates = {header["kid"]: request["public_key"]}
    claims = google.auth.jwt.decode(request["token"], certs=certificates, audience=request["audience"])
    print(json.dumps({**claims, "kid": header["kid"], "alg": header["alg"]}))


if __name__ == "__main__":
    main()
