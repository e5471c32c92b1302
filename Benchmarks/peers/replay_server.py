"""A WebSocket server that sends the frames of a file as fast as its client takes them: RFC 6455, one client.

The bytes are made before anybody connects, so that serving costs little more than the copy into the socket.
"""

import base64
import hashlib
import socket
import struct
import sys

CHUNK = 256 << 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def encoded(path):
    """All frames of the file as unmasked text messages."""
    out = bytearray()
    with open(path, "rb") as file:
        for line in file:
            text = line.rstrip(b"\n")
            length = len(text)
            out += struct.pack("!BB", 0x81, length) if length < 126 else struct.pack("!BBH", 0x81, 126, length)
            out += text
    return memoryview(bytes(out))


def shake_hands(connection):
    request = b""
    while b"\r\n\r\n" not in request:
        part = connection.recv(4096)
        if not part:
            raise ConnectionError("the client left before its request was complete")
        request += part
    headers = dict(line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if b": " in line)
    key = next(value for name, value in headers.items() if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key.strip() + GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def await_close(connection):
    """Answers the client's closing message, so that it need not wait for its own timeout."""
    while data := connection.recv(4096):
        if data[0] & 0x0F == 0x8:
            connection.sendall(b"\x88\x00")
            break
    connection.close()


def serve(path):
    payload = encoded(path)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    shake_hands(connection)
    for start in range(0, len(payload), CHUNK):
        connection.sendall(payload[start : start + CHUNK])
    await_close(connection)


if __name__ == "__main__":
    serve(sys.argv[1])
