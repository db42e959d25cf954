// `chat.mjs CHROMIUM CHAT PICTURE`: the chat example with its page in three Chromiums, without windows, and a picture of
// them. Prints what was seen; ends with 1 where something else was seen.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const [, , executablePath, program, picture] = process.argv;

// Starts the chat, and gives where it listens.
async function serve(address) {
  const server = spawn(program, [address], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => server.kill('SIGKILL'));
  const [line] = await new Promise((resolve) => createInterface({ input: server.stdout }).once('line', (...line) => resolve(line)));
  return { server, host: new URL(line.match(/http:\S+/)[0]).host };
}

async function end({ server }) {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  assert.equal(await ended, 0, 'the server ends well');
}

const status = (page) => page.locator('#status').innerText();
const shows = (page, words) =>
  page.waitForFunction((words) => [...document.querySelectorAll('li')].some((line) => line.innerText.includes(words)), words);

async function say(page, words) {
  await page.fill('input', words);
  await page.keyboard.press('Enter');
}

async function photograph(browser, pages) {
  const pictures = await Promise.all(pages.map(async (page) => (await page.screenshot()).toString('base64')));
  const frame = await browser.newPage({ viewport: { width: 1240, height: 440 } });
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture}">`);
  await frame.setContent(`<body style="margin: 10px; display: flex; gap: 10px; background: #888">${images.join('')}`);
  await frame.screenshot({ path: picture });
}

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
let chat = await serve('127.0.0.1:0');
try {
  const enter = async (name) => {
    const context = await browser.newContext({ viewport: { width: 400, height: 420 } });
    const page = await context.newPage();
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(`http://${chat.host}/`);
    await say(page, name);
    return page;
  };
  const pages = [];
  for (const name of ['Ada', 'Grace', 'Linus']) {
    pages.push(await enter(name));
    await pages.at(-1).waitForSelector('body.open');
    for (const page of pages) await shows(page, `${name} comes in`);
  }
  const conversation = [
    [0, 'Is anybody there?'],
    [1, 'Yes. Grüße aus Zürich, 5 € for the rest'],
    [2, 'This one came in three TCP segments, I think.'],
    [0, 'And nobody could tell.'],
  ];
  for (const [speaker, words] of conversation) {
    await say(pages[speaker], words);
    for (const page of pages) await shows(page, words);
  }
  console.log(`three pages heard ${conversation.length} messages of each other`);
  await photograph(browser, pages);

  const second = await enter('Ada');
  await second.waitForSelector('body.closed');
  assert.equal(await status(second), 'this name is taken, or none');
  await second.context().close();
  console.log('a name that is taken is refused');

  await end(chat);
  for (const page of pages) {
    await page.waitForSelector('body.closed');
    assert.match(await status(page), /^connection lost \(1001, the server ends\), again in \d+ s$/);
  }
  console.log('all were closed with 1001 when the server ended');

  chat = await serve(chat.host);
  for (const page of pages) await page.waitForSelector('body.open', { timeout: 60_000 });
  await say(pages[0], 'Back again');
  for (const page of pages) await shows(page, 'Back again');
  console.log('all connected again by themselves to the next');
  await pages[2].context().close();
  for (const page of pages.slice(0, 2)) await shows(page, 'Linus leaves');
  console.log('a page that is closed has left');
  await end(chat);
} finally {
  await browser.close();
}
