import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking'];

/** Starts a headless Chromium with a profile of its own. Throws when there is none: a test that cannot run fails. */
export function launchChromium(): Promise<Browser> {
  const flags = [...FLAGS, 'disable-component-update', 'disable-sync'];
  return chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: flags.map((flag) => `--${flag}`),
  });
}

function chromiumPath(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const named = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = process.env.CHROME_PATH ?? named.find((file) => existsSync(file));
  if (path === undefined)
    throw new Error(`no browser: set CHROME_PATH, or put one of ${NAMES.join(', ')} on the PATH`);
  return path;
}
