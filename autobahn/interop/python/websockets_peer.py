"""`websockets_peer.py server|client [CONFIG]`: the echo server, and its client, on websockets."""

import asyncio
import json
import ssl
import sys

import driver
import echo
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)


class Connection:
    def __init__(self, socket):
        self.socket = socket

    @property
    def subprotocol(self):
        return self.socket.subprotocol

    @property
    def is_deflated(self):
        return [extension.name for extension in self.socket.protocol.extensions] == ["permessage-deflate"]

    async def send(self, message):
        await self.socket.send(message)

    async def send_fragments(self, pieces):
        await self.socket.send(pieces)

    async def receive(self):
        try:
            return await self.socket.recv()
        except ConnectionClosed:
            raise echo.Closed(self.socket.close_code, self.socket.close_reason) from None

    async def ping(self, payload):
        await (await self.socket.ping(payload))
        return payload

    async def close(self, code, reason):
        await self.socket.close(code, reason)
        return self.socket.close_code


def select_subprotocol(_connection, offered):
    """With a list instead of this, websockets refuses clients that offer none."""
    return next((name for name in offered if name in ("two", "three")), None)


async def run_server():
    factories = [
        None,
        ServerPerMessageDeflateFactory(),
        ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True),
    ]
    servers = [
        await serve(
            lambda socket: echo.serve(Connection(socket)),
            "127.0.0.1",
            0,
            select_subprotocol=select_subprotocol,
            extensions=factory and [factory],
            compression=None,
            max_size=None,
        )
        for factory in factories
    ]
    print("listening", *(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Future()


async def run_client(config):
    context = ssl.create_default_context(cafile=config["ca"]) if config.get("ca") else None

    async def open_connection(url, subprotocols=None, deflate=None):
        off = deflate == "noTakeover"
        factory = ClientPerMessageDeflateFactory(
            server_no_context_takeover=off, client_no_context_takeover=off, client_max_window_bits=True
        )
        socket = await connect(
            url,
            ssl=context,
            proxy=None,
            subprotocols=subprotocols,
            extensions=deflate and [factory],
            compression=None,
            max_size=None,
        )
        return Connection(socket)

    await driver.converse(config, open_connection)


if sys.argv[1] == "server":
    asyncio.run(run_server())
else:
    asyncio.run(run_client(json.loads(sys.argv[2])))
