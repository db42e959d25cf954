// The conversations that a client has with the echo server, over the WebSocket class that browsers have.
//
// What is not in that class (pings, fragments) comes as functions, from peers that have it.

/** Holds one conversation for each feature that is asked for, and reports a line on each. */
export async function converse({ features, urls, compresses }, { open, ping, sendFragments }, report) {
  const context = { urls, compresses, open, ping, sendFragments };
  for (const feature of features) {
    try {
      if (!(feature in conversations)) throw new Error('there is no conversation of this name');
      await within(FEATURE_LIMIT_MS, conversations[feature](context));
      report(`ok ${feature}`);
    } catch (error) {
      report(`failed ${feature}: ${String(error?.message ?? error).replaceAll('\n', ' ')}`);
    }
  }
}

const conversations = {
  async text({ open, urls }) {
    const connection = await connect(open, urls.plain);
    await echoes(connection, 'Hello');
    await connection.end();
  },

  async empty({ open, urls }) {
    const connection = await connect(open, urls.plain);
    await echoes(connection, '');
    await echoes(connection, new Uint8Array());
    await connection.end();
  },

  async utf8({ open, urls }) {
    const connection = await connect(open, urls.plain);
    await echoes(connection, UNICODE);
    await echoes(connection, UNICODE.repeat(5000));
    await connection.end();
  },

  async binary({ open, urls }) {
    const connection = await connect(open, urls.plain);
    for (const len of LENGTHS) await echoes(connection, noise(len));
    await connection.end();
  },

  async '8mib'({ open, urls }) {
    const connection = await connect(open, urls.plain);
    await echoes(connection, noise(8 << 20));
    await connection.end();
  },

  async many({ open, urls }) {
    const connection = await connect(open, urls.plain);
    for (let i = 0; i < MANY; i++) connection.socket.send(`message ${i}`);
    for (let i = 0; i < MANY; i++) equal(await connection.next(), `message ${i}`);
    await connection.end();
  },

  async 'frag>'({ open, urls, sendFragments }) {
    const connection = await connect(open, urls.plain);
    const bytes = new TextEncoder().encode(UNICODE);
    const pieces = [bytes.slice(0, 3), bytes.slice(3, 4), new Uint8Array(), bytes.slice(4)];
    sendFragments(connection.socket, pieces);
    equal(await connection.next(), UNICODE);
    await connection.end();
  },

  async 'frag<'({ open, urls }) {
    const connection = await connect(open, urls.plain);
    equal(await connection.ask(`!fragments ${UNICODE}`), UNICODE);
    await connection.end();
  },

  async 'ping>'({ open, urls, ping }) {
    const connection = await connect(open, urls.plain);
    for (const payload of ['', 'are you there?', 'x'.repeat(125)]) equal(await ping(connection.socket, payload), payload);
    await connection.end();
  },

  async 'ping<'({ open, urls }) {
    const connection = await connect(open, `${urls.plain}?pongs`);
    equal(await connection.ask('!ping are you there?'), 'pong are you there?');
    await connection.end();
  },

  async 'close>'(context) {
    for (const [code, reason] of CLOSES) await closes(context, code, reason);
  },

  async 'none>'(context) {
    await closes(context, NO_STATUS, '');
  },

  async 'close<'(context) {
    for (const [code, reason] of CLOSES) await isClosed(context, code, reason);
  },

  async 'none<'(context) {
    await isClosed(context, NO_STATUS, '');
  },

  async subprot({ open, urls }) {
    let connection = await connect(open, urls.plain, ['one', 'two', 'three']);
    equal(connection.socket.protocol, 'two');
    equal(await connection.ask('!subprotocol'), 'two');
    await connection.end();
    connection = await connect(open, urls.plain);
    equal(connection.socket.protocol, '');
    equal(await connection.ask('!subprotocol'), 'none');
    await connection.end();
  },

  async deflate(context) {
    await deflates(context, context.urls.deflate, 0, 1000);
  },

  async notake(context) {
    await deflates(context, context.urls.noTakeover, 8000, 15000);
  },

  async defl0({ open, urls }) {
    for (const url of [urls.deflate, urls.noTakeover]) {
      const connection = await connect(open, url);
      for (const message of ['', 'Hello', '', new Uint8Array(), '']) await echoes(connection, message);
      await connection.end();
    }
  },
};

/** Sends the same text twice: what the second costs on the wire tells whether it could refer to the first. */
async function deflates({ open, compresses }, url, min, max) {
  const connection = await connect(open, url);
  truth(connection.socket.extensions.startsWith('permessage-deflate'), `extensions: "${connection.socket.extensions}"`);
  const text = incompressible(16384);
  await echoes(connection, text);
  const [readBefore, writtenBefore] = (await connection.ask('!wire')).split(' ').map(Number);
  await echoes(connection, text);
  const [read, written] = (await connection.ask('!wire')).split(' ').map(Number);
  const [their, our] = [read - readBefore, written - writtenBefore];
  truth(our >= min && our < max, `${our} bytes came for 16384`);
  if (compresses) truth(their >= min && their < max, `${their} bytes went for 16384`);
  else truth(their >= 16384, `${their} bytes went for 16384, from a client that does not compress`);
  // Messages that are mostly runs and repetitions.
  await echoes(connection, noise(3000).fill(7, 100));
  await echoes(connection, UNICODE.repeat(5000));
  await connection.end();
}

async function closes({ open, urls }, code, reason) {
  const name = `${code}-${Math.random()}`;
  let connection = await connect(open, urls.plain);
  equal(await connection.ask(`!id ${name}`), 'named');
  if (code === NO_STATUS) connection.socket.close();
  else connection.socket.close(code, reason);
  const seen = await connection.closed;
  truth(seen.wasClean, 'the connection was not closed cleanly');
  equal(seen.code, code);
  connection = await connect(open, urls.plain);
  let told;
  while ((told = await connection.ask(`!closure ${name}`)) === 'pending') await sleep(10);
  equal(told, `${code} ${reason}`.trimEnd());
  await connection.end();
}

async function isClosed({ open, urls }, code, reason) {
  const connection = await connect(open, urls.plain);
  connection.socket.send(`!close ${code} ${reason}`);
  const seen = await connection.closed;
  truth(seen.wasClean, 'the connection was not closed cleanly');
  equal(`${seen.code} ${seen.reason}`, `${code} ${reason}`);
}

/** An open connection, with its messages in their order. */
class Connection {
  constructor(socket) {
    this.socket = socket;
    this.messages = [];
    this.waiting = null;
    this.closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.addEventListener('message', ({ data }) => {
      this.messages.push(typeof data === 'string' ? data : new Uint8Array(data));
      this.waiting?.();
    });
    this.closed.then((event) => {
      this.closure = event;
      this.waiting?.();
    });
  }

  async next() {
    while (this.messages.length === 0) {
      if (this.closure) throw new Error(`closed with ${this.closure.code} ${this.closure.reason}`);
      await new Promise((resolve) => (this.waiting = resolve));
    }
    return this.messages.shift();
  }

  ask(command) {
    this.socket.send(command);
    return this.next();
  }

  async end() {
    this.socket.close(1000);
    const { wasClean, code } = await this.closed;
    truth(wasClean && code === 1000, `the end was not clean, but ${code}`);
    truth(this.messages.length === 0, 'a message came that nobody asked for');
  }
}

async function connect(open, url, protocols = []) {
  const socket = open(url, protocols);
  socket.binaryType = 'arraybuffer';
  const connection = new Connection(socket);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', (event) => reject(new Error(`no connection: ${event.message ?? event.error ?? ''}`)));
  });
  return connection;
}

async function echoes(connection, message) {
  connection.socket.send(message);
  const echo = await connection.next();
  if (typeof message === 'string') return equal(echo, message);
  truth(typeof echo !== 'string', 'text came for binary');
  truth(echo.length === message.length, `${echo.length} bytes came for ${message.length}`);
  truth(echo.every((byte, i) => byte === message[i]), 'other bytes came back');
}

function equal(actual, expected) {
  truth(actual === expected, `${JSON.stringify(actual)?.slice(0, 100)} is not ${JSON.stringify(expected).slice(0, 100)}`);
}

function truth(claim, otherwise) {
  if (!claim) throw new Error(otherwise);
}

async function within(limit, promise) {
  let timer;
  const timeout = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('took too long')), limit)));
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Bytes without a pattern, the same each time. */
function noise(len) {
  let state = len + 1;
  return new Uint8Array(len).map(() => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
}

/** Text that is only made a quarter shorter by what deflate knows about it. */
function incompressible(len) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return Array.from(noise(len), (byte) => digits[byte & 63]).join('');
}

const UNICODE = 'Grüße, €, 漢字, 𝄞, שלום';
const LENGTHS = [1, 125, 126, 127, 65535, 65536, 65537];
const MANY = 1000;
const NO_STATUS = 1005;
const CLOSES = [[1000, ''], [1000, 'done'], [3000, 'Grüße'], [4999, 'x'.repeat(123)]];
const FEATURE_LIMIT_MS = 30_000;
