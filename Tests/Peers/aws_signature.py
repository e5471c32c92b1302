"""Computes the AWS Signature Version 4 of a request by the published algorithm, for comparison with what a client sent.

Source: AWS General Reference, "Create a signed AWS API request".
Standard input: JSON with method, path, query (as sent, sorted), headers (names in lower case), body, secret, authorization.
Standard output: the signature in hexadecimal digits.
"""
import hashlib
import hmac
import json
import re
import sys


def digest(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def main() -> None:
    request = json.load(sys.stdin)
    scope, names = re.search(r"Credential=[^/]+/([^,]+), ?SignedHeaders=([^,]+)", request["authorization"]).groups()
    payload = request["headers"].get("x-amz-content-sha256") or hashlib.sha256(request["body"].encode()).hexdigest()
    fields = "".join(f"{name}:{' '.join(request['headers'][name].split())}\n" for name in names.split(";"))
    canonical = "\n".join([request["method"], request["path"], request["query"], fields, names, payload])
    text = "\n".join([
        "AWS4-HMAC-SHA256", request["headers"]["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest(),
    ])
    key = ("AWS4" + request["secret"]).encode()
    for part in scope.split("/"):
        key = digest(key, part)
    print(digest(key, text).hex())


if __name__ == "__main__":
    main()
