// `socket-io.mjs CLIENT`: a Socket.IO server, and the example that is a client of it. Prints what the client prints; ends
// with 1 where it or the server has seen something else than it should.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const { Server } = createRequire(import.meta.url)('socket.io');
const [, , program] = process.argv;
const http = createServer();
// Often enough that a client which does not answer pings is lost within the run.
const io = new Server(http, { pingInterval: 200, pingTimeout: 1000 });
const seen = [];
io.on('connection', (socket) => {
  seen.push(socket.conn.transport.name, socket.conn.protocol);
  socket.emit('hello', 'world', 1, { nested: [true, null, 'ü'] });
  socket.emit('binary', Buffer.from([1, 2, 3]), { deep: [Buffer.from([255])] });
  socket.on('sum', (a, b, answer) => {
    answer(a + b, Buffer.from('ok'));
    setTimeout(() => socket.disconnect(), 2500); // after some pings
  });
  socket.on('disconnect', (reason) => seen.push(reason));
});
await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
const url = `ws://127.0.0.1:${http.address().port}`;
const { stdout } = await promisify(execFile)(program, [url, 'sum', '2', '3'], { timeout: 30_000 });
process.stdout.write(stdout);
const [connected, ...lines] = stdout.trimEnd().split('\n');
assert.match(connected, /^connected as \S{20}$/);
assert.deepEqual(lines, [
  'event ["hello","world",1,{"nested":[true,null,"ü"]}]',
  'event ["binary",[1,2,3],{"deep":[[255]]}]',
  'ack 0 [5,[111,107]]',
  'disconnected',
]);
assert.deepEqual(seen, ['websocket', 4, 'server namespace disconnect']);
io.close();
