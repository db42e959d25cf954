"""`aiohttp_peer.py server|client [CONFIG]`: the echo server, and its client, on aiohttp."""

import asyncio
import json
import ssl
import sys

import driver
import echo
from aiohttp import ClientSession, WSMsgType, web


class Connection:
    """Over the socket of either side: their methods have the same names."""

    def __init__(self, socket, answers_pings):
        self.socket = socket
        # It answers pings by itself, unless it is to show pongs.
        self.answers_pings = answers_pings

    @property
    def subprotocol(self):
        return getattr(self.socket, "protocol", None) or getattr(self.socket, "ws_protocol", None)

    @property
    def is_deflated(self):
        return bool(self.socket.compress)

    async def send(self, message):
        if isinstance(message, str):
            await self.socket.send_str(message)
        else:
            await self.socket.send_bytes(message)

    async def receive(self):
        message = await self.socket.receive()
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            return message.data
        if message.type == WSMsgType.CLOSE:
            # It says 0 where there was no code.
            raise echo.Closed(message.data or driver.NO_STATUS, message.extra or "")
        raise echo.Closed(1006, f"{message.type.name}: {message.data}")

    async def ping(self, payload):
        assert not self.answers_pings, "it shows no pongs"
        await self.socket.ping(payload.encode())
        message = await self.socket.receive()
        assert message.type == WSMsgType.PONG, f"{message.type.name} came, and no pong"
        return message.data.decode()

    async def close(self, code, reason):
        await self.socket.close(code=code, message=reason.encode())
        return self.socket.close_code


async def run_server():
    async def handle(request):
        answers_pings = "pongs" not in request.query
        socket = web.WebSocketResponse(protocols=["two", "three"], max_msg_size=0, autoping=answers_pings)
        await socket.prepare(request)
        await echo.serve(Connection(socket, answers_pings))
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    # It compresses as the client asks for, on the same port.
    port = runner.addresses[0][1]
    print("listening", port, port, port, flush=True)
    await asyncio.Future()


async def run_client(config):
    context = ssl.create_default_context(cafile=config["ca"]) if config.get("ca") else True
    async with ClientSession() as session:

        async def open_connection(url, subprotocols=(), deflate=None):
            answers_pings = "?pongs" not in url
            socket = await session.ws_connect(
                url,
                ssl=context,
                protocols=subprotocols,
                compress=15 if deflate else 0,
                max_msg_size=0,
                autoping=answers_pings,
            )
            return Connection(socket, answers_pings)

        await driver.converse(config, open_connection)


if sys.argv[1] == "server":
    asyncio.run(run_server())
else:
    asyncio.run(run_client(json.loads(sys.argv[2])))
