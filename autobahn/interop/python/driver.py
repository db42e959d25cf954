"""The conversations that a client has with the echo server, over whatever a library makes of a connection."""

import asyncio
import uuid

from echo import Closed

UNICODE = "Grüße, €, 漢字, 𝄞, שלום"
LENGTHS = [1, 125, 126, 127, 65535, 65536, 65537]
MANY = 1000
NO_STATUS = 1005
CLOSES = [(1000, ""), (1000, "done"), (3000, "Grüße"), (4999, "x" * 123)]
FEATURE_LIMIT = 30


async def converse(config, connect):
    """Holds one conversation for each feature that is asked for, and prints a line on each.

    ``connect(url, subprotocols, deflate)`` opens a connection, where ``deflate`` is ``None``, ``"deflate"`` or
    ``"noTakeover"``.
    """
    for feature in config["features"]:
        try:
            await asyncio.wait_for(CONVERSATIONS[feature](config["urls"], connect), FEATURE_LIMIT)
            print(f"ok {feature}", flush=True)
        except Exception as error:  # whatever went wrong, the next feature has its turn
            text = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"failed {feature}: {text}", flush=True)


async def text(urls, connect):
    connection = await connect(urls["plain"])
    await echoes(connection, "Hello")
    await end(connection)


async def empty(urls, connect):
    connection = await connect(urls["plain"])
    await echoes(connection, "")
    await echoes(connection, b"")
    await end(connection)


async def utf8(urls, connect):
    connection = await connect(urls["plain"])
    await echoes(connection, UNICODE)
    await echoes(connection, UNICODE * 5000)
    await end(connection)


async def binary(urls, connect):
    connection = await connect(urls["plain"])
    for length in LENGTHS:
        await echoes(connection, noise(length))
    await end(connection)


async def eight_mib(urls, connect):
    connection = await connect(urls["plain"])
    await echoes(connection, noise(8 << 20))
    await end(connection)


async def many(urls, connect):
    connection = await connect(urls["plain"])
    for i in range(MANY):
        await connection.send(f"message {i}")
    for i in range(MANY):
        equal(await connection.receive(), f"message {i}")
    await end(connection)


async def fragments_out(urls, connect):
    connection = await connect(urls["plain"])
    await connection.send_fragments([UNICODE[:3], UNICODE[3:4], "", UNICODE[4:]])
    equal(await connection.receive(), UNICODE)
    await end(connection)


async def fragments_in(urls, connect):
    connection = await connect(urls["plain"])
    equal(await ask(connection, f"!fragments {UNICODE}"), UNICODE)
    await end(connection)


async def ping_out(urls, connect):
    connection = await connect(urls["plain"] + "?pongs")
    for payload in ["", "are you there?", "x" * 125]:
        equal(await connection.ping(payload), payload)
    await end(connection)


async def ping_in(urls, connect):
    connection = await connect(urls["plain"])
    equal(await ask(connection, "!ping are you there?"), "pong are you there?")
    await end(connection)


async def close_out(urls, connect):
    for code, reason in CLOSES:
        await closes(urls, connect, code, reason)


async def none_out(urls, connect):
    await closes(urls, connect, NO_STATUS, "")


async def closes(urls, connect, code, reason):
    name = uuid.uuid4()
    connection = await connect(urls["plain"])
    equal(await ask(connection, f"!id {name}"), "named")
    equal(await connection.close(code, reason), code)
    connection = await connect(urls["plain"])
    while (told := await ask(connection, f"!closure {name}")) == "pending":
        await asyncio.sleep(0.01)
    equal(told, f"{code} {reason}".rstrip())
    await end(connection)


async def close_in(urls, connect):
    for code, reason in CLOSES:
        await is_closed(urls, connect, code, reason)


async def none_in(urls, connect):
    await is_closed(urls, connect, NO_STATUS, "")


async def is_closed(urls, connect, code, reason):
    connection = await connect(urls["plain"])
    await connection.send(f"!close {code} {reason}")
    try:
        message = await connection.receive()
    except Closed as closed:
        equal(closed.args, (code, reason))
    else:
        raise AssertionError(f"a message came, not a Close: {message!r:.100}")


async def subprotocol(urls, connect):
    connection = await connect(urls["plain"], ["one", "two", "three"])
    equal(connection.subprotocol, "two")
    equal(await ask(connection, "!subprotocol"), "two")
    await end(connection)
    connection = await connect(urls["plain"])
    equal(connection.subprotocol, None)
    equal(await ask(connection, "!subprotocol"), "none")
    await end(connection)


async def deflate(urls, connect):
    await deflates(await connect(urls["deflate"], deflate="deflate"), range(1000))


async def no_takeover(urls, connect):
    await deflates(await connect(urls["noTakeover"], deflate="noTakeover"), range(8000, 15000))


async def empty_deflated(urls, connect):
    for kind in ["deflate", "noTakeover"]:
        connection = await connect(urls[kind], deflate=kind)
        for message in ["", "Hello", "", b"", ""]:
            await echoes(connection, message)
        await end(connection)


async def deflates(connection, expected):
    """Sends the same text twice: what the second costs on the wire tells whether it could refer to the first."""
    assert connection.is_deflated, "permessage-deflate was not agreed on"
    message = incompressible(16384)
    await echoes(connection, message)
    before = [int(count) for count in (await ask(connection, "!wire")).split()]
    await echoes(connection, message)
    after = [int(count) for count in (await ask(connection, "!wire")).split()]
    theirs, ours = after[0] - before[0], after[1] - before[1]
    assert ours in expected, f"{ours} bytes came for 16384"
    assert theirs in expected, f"{theirs} bytes went for 16384"
    # Messages that are mostly runs and repetitions.
    await echoes(connection, noise(100) + bytes([7]) * 2900)
    await echoes(connection, UNICODE * 5000)
    await end(connection)


async def ask(connection, command):
    await connection.send(command)
    return await connection.receive()


async def end(connection):
    equal(await connection.close(1000, ""), 1000)


async def echoes(connection, message):
    await connection.send(message)
    equal(await connection.receive(), message)


def equal(actual, expected):
    assert type(actual) is type(expected) and actual == expected, f"{actual!r:.100} is not {expected!r:.100}"


def noise(length):
    """Bytes without a pattern, the same each time."""
    state, out = length + 1, bytearray()
    # A long message repeats itself, after a length that is no power of two.
    for _ in range(min(length, 70001)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return bytes(out * (length // len(out) + 1))[:length]


def incompressible(length):
    """Text that is only made a quarter shorter by what deflate knows about it."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return "".join(digits[byte & 63] for byte in noise(length))


CONVERSATIONS = {
    "text": text,
    "empty": empty,
    "utf8": utf8,
    "binary": binary,
    "8mib": eight_mib,
    "many": many,
    "frag>": fragments_out,
    "frag<": fragments_in,
    "ping>": ping_out,
    "ping<": ping_in,
    "close>": close_out,
    "none>": none_out,
    "close<": close_in,
    "none<": none_in,
    "subprot": subprotocol,
    "deflate": deflate,
    "notake": no_takeover,
    "defl0": empty_deflated,
}
