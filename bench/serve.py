"""`python -m bench.serve COUNT`: a Jetstream on this machine; everybody gets the same frames, then silence."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from websockets import ConnectionClosed, Subprotocol
from websockets.asyncio.server import ServerConnection, serve

from bench.frames import frames


async def main(count: int) -> None:
    """Print the port, then serve until somebody stops this process."""
    ready = [frame.decode() for frame in frames(count)]

    async def send(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for one in ready:
                await connection.send(one)
            await connection.wait_closed()

    async with serve(send, "127.0.0.1", 0, subprotocols=[Subprotocol("xrpc.v1.json")], compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
