// `client.mjs ws|undici CONFIG`: a client on Node. CONFIG is JSON: features, urls, compresses, ca.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { converse } from './driver.mjs';

const [, , name, json] = process.argv;
const config = JSON.parse(json);
const require = createRequire(import.meta.url);

const peers = {
  ws() {
    const { WebSocket } = require('ws');
    const options = { perMessageDeflate: { threshold: 0 }, ca: config.ca && readFileSync(config.ca) };
    return {
      open: (url, protocols) => new WebSocket(url, protocols, options),
      ping: (socket, payload) =>
        new Promise((resolve) => {
          socket.once('pong', (data) => resolve(data.toString()));
          socket.ping(payload);
        }),
      sendFragments: (socket, pieces) =>
        pieces.forEach((piece, i) => socket.send(piece, { binary: false, fin: i === pieces.length - 1 })),
    };
  },
  undici() {
    const { Agent, WebSocket, setGlobalDispatcher } = require('undici');
    if (config.ca) setGlobalDispatcher(new Agent({ connect: { ca: readFileSync(config.ca) } }));
    return { open: (url, protocols) => new WebSocket(url, protocols) };
  },
};

await converse(config, peers[name](), console.log);
process.exit(0);
