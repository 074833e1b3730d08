"""A receiver that costs as little as it can: answers 201 at once and counts.

It runs as a process of its own: `python -m bench.sink PORT_FILE`. What it does hangs on the path:
`/later` answers after a while, `/never` does not answer, everything else is answered at once.
`GET /times` gives when the first byte of each Idempotency-Key came, in seconds of the machine's
monotonic clock; `GET /count` how many came, and `GET /forget` starts anew.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

CREATED = b'{"id": "lead-1"}'
LATER_SECONDS = 0.1
ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"

times: dict[str, float] = {}


class Sink(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as our own client speaks it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        came = time.monotonic()
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            lines = self.buffer[:end].split(b"\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in lines[1:])
            whole = end + 4 + int(headers.get(b"content-length", b"0"))
            if len(self.buffer) < whole:
                return
            self.buffer = self.buffer[whole:]
            method, path, _ = lines[0].split(b" ", 2)
            if method == b"GET":
                self._answer(_told(path))
            else:
                times.setdefault(headers.get(b"idempotency-key", b"").decode(), came)
                self._take(path)

    def _take(self, path: bytes) -> None:
        if path == b"/later":
            asyncio.get_running_loop().call_later(LATER_SECONDS, self._answer, CREATED)
        elif path != b"/never":
            self._answer(CREATED)

    def _answer(self, body: bytes) -> None:
        self.transport.write(ANSWER % (len(body), body))


def _told(path: bytes) -> bytes:
    if path == b"/count":
        return b"%d" % len(times)
    if path == b"/forget":
        times.clear()
    return json.dumps(times).encode()


async def main(port_file: Path) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=1_024)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240  once
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
