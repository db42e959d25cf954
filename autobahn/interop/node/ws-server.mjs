// `ws-server.mjs`: the echo server with commands, on Node's ws. Prints its three ports, and runs until it is ended.
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(import.meta.url)('ws');
const closures = new Map();

function serve(socket) {
  let name;
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? '' : data.toString();
    if (!text.startsWith('!')) return socket.send(data, { binary: isBinary });
    const space = text.indexOf(' ');
    const [command, rest] = space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
    if (command === '!id') {
      name = rest;
      socket.send('named');
    } else if (command === '!closure') socket.send(closures.get(rest) ?? 'pending');
    else if (command === '!close') close(socket, rest);
    else if (command === '!ping') {
      socket.once('pong', (payload) => socket.send(`pong ${payload}`));
      socket.ping(rest);
    } else if (command === '!fragments') sendFragments(socket, Buffer.from(rest));
    else if (command === '!subprotocol') socket.send(socket.protocol || 'none');
    else socket.close(1008, `unknown: ${command}`);
  });
  socket.on('close', (code, reason) => closures.set(name, `${code} ${reason}`.trimEnd()));
  socket.on('error', (error) => console.error(error.message));
}

function close(socket, rest) {
  const code = Number(rest.slice(0, 4));
  if (code === 1005) socket.close();
  else socket.close(code, rest.slice(5));
}

function sendFragments(socket, bytes) {
  for (let at = 0; at < bytes.length; at += 3) socket.send(bytes.subarray(at, at + 3), { binary: false, fin: false });
  socket.send('', { binary: false, fin: true });
}

const takeover = { threshold: 0 };
const noTakeover = { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true };
const ports = [];
for (const perMessageDeflate of [false, takeover, noTakeover]) {
  const handleProtocols = (offered) => [...offered].find((name) => name === 'two' || name === 'three') ?? false;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate, handleProtocols });
  server.on('connection', serve);
  await new Promise((resolve) => server.on('listening', resolve));
  ports.push(server.address().port);
}
console.log(`listening ${ports.join(' ')}`);
