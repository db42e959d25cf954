// `chromium.mjs PROGRAM CONFIG`: a page in Chromium, without a window. CONFIG is JSON: page, features, urls, compresses, ca.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const [, , program, json] = process.argv;
const config = JSON.parse(json);
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
if (config.ca) {
  // The authority of this run is trusted by its key, as nothing else than this process should trust it.
  const key = new X509Certificate(readFileSync(config.ca)).publicKey.export({ type: 'spki', format: 'der' });
  args.push(`--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`);
}
const browser = await chromium.launch({ executablePath: program, args });
try {
  const page = await browser.newPage();
  await page.exposeFunction('report', (line) => console.log(line));
  await page.goto(config.page);
  await page.evaluate(async (config) => {
    const { converse } = await import(new URL('driver.mjs', location.href).href);
    const open = (url, protocols) => new WebSocket(url, protocols);
    const lines = [];
    await converse(config, { open }, (line) => lines.push(globalThis.report(line)));
    await Promise.all(lines);
  }, config);
} finally {
  await browser.close();
}
