"""Computes the AWS Signature Version 4 of a request by the published algorithm, for comparison with what a client sent; or
that of Google Cloud Storage, which is the same under other names.

Source: AWS General Reference, "Create a signed AWS API request"; Google Cloud Storage, "Signatures".
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
    algorithm = request["authorization"].split(" ", 1)[0]
    prefix = {"AWS4-HMAC-SHA256": "x-amz-", "GOOG4-HMAC-SHA256": "x-goog-"}[algorithm]
    payload = request["headers"].get(prefix + "content-sha256") or hashlib.sha256(request["body"].encode()).hexdigest()
    fields = "".join(f"{name}:{' '.join(request['headers'][name].split())}\n" for name in names.split(";"))
    canonical = "\n".join([request["method"], request["path"], request["query"], fields, names, payload])
    text = "\n".join([
        algorithm, request["headers"][prefix + "date"], scope, hashlib.sha256(canonical.encode()).hexdigest(),
    ])
    key = (algorithm.split("-")[0] + request["secret"]).encode()
    for part in scope.split("/"):
        key = digest(key, part)
    print(digest(key, text).hex())


if __name__ == "__main__":
    main()
