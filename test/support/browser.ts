/**
 * Chromium for tests: the machine's own, headless, told to stay off the network. Where it is missing its tests are
 * skipped, and say so. What is shown in it is the page as `npm run build` makes it.
 */

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

const chromiumPath = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();

export const chromiumMissing = chromiumPath === '';
if (chromiumMissing) process.stderr.write('Chromium is not installed: the tests of the page are SKIPPED.\n');

/** Where the page's pictures are wanted; undefined: nowhere. */
export const screenshotDirectory = process.env['POSTERN_SCREENSHOTS'];

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A process of its own, because a test run is no production build. Takes a quarter of a second. */
export const buildPage = async (directory: string): Promise<void> => {
  const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url));
  const options = ['--outDir', directory, '--emptyOutDir', '--logLevel', 'error'];
  await run(process.execPath, [vite, 'build', 'src/web', ...options], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
  });
};
