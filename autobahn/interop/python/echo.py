"""The echo server's commands, over whatever connection a library makes of a client."""

closures = {}


class Closed(Exception):
    """The connection was closed: its arguments are the code and the reason."""


async def serve(connection):
    """Answers every message of a connection, until it is closed."""
    name = None
    try:
        while True:
            message = await connection.receive()
            if isinstance(message, str) and message.startswith("!"):
                command, _, rest = message.partition(" ")
                if command == "!id":
                    name = rest
                await answer(connection, command, rest)
            else:
                await connection.send(message)
    except Closed as closed:
        code, reason = closed.args
        closures[name] = f"{code} {reason}".rstrip()


async def answer(connection, command, rest):
    if command == "!id":
        await connection.send("named")
    elif command == "!closure":
        await connection.send(closures.get(rest, "pending"))
    elif command == "!close":
        await connection.close(int(rest[:4]), rest[5:])
    elif command == "!ping":
        await connection.send("pong " + await connection.ping(rest))
    elif command == "!fragments":
        await connection.send_fragments([rest[at : at + 3] for at in range(0, len(rest), 3)] + [""])
    elif command == "!subprotocol":
        await connection.send(connection.subprotocol or "none")
    else:
        await connection.close(1008, f"unknown: {command}")
