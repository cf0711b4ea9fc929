import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildWeb } from '../../web/build.ts';
import { launchChromium } from '../support/chromium.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export interface Playground {
  readonly server: ScriptedServer;
  readonly folder: string;
  /** A tab of its own on a page, the chat when none is named, once the models are listed. */
  open(options?: BrowserContextOptions, name?: string): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  readonly page: Page;
  /** What the browser complained of: exceptions, and everything a content security policy forbade. */
  readonly complaints: string[];
  /** Types a message and sends it. */
  send(text: string): Promise<void>;
  /** Waits until no reply is in the making. */
  settled(): Promise<void>;
  /** The text of the last reply. */
  reply(): Promise<string>;
  close(): Promise<void>;
}

/** The real page in a real browser, before a scripted server. */
export async function startPlayground(): Promise<Playground> {
  const folder = await mkdtemp(join(tmpdir(), 'cria-web-'));
  await buildWeb(folder);
  const server = await startScriptedServer(folder);
  const browser: Browser = await launchChromium();

  return {
    server,
    folder,
    async open(options = {}, name) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) complaints.push(message.text());
      });
      await page.goto(name === undefined ? server.url : `${server.url}/#/${name}`);
      await page.waitForSelector('#model:enabled');
      return {
        page,
        complaints,
        async send(text) {
          await page.fill('#prompt', text);
          await page.press('#prompt', 'Enter');
        },
        settled: async () => {
          await page.waitForSelector(
            '.reply:last-child[data-state=done], .reply:last-child[data-state=empty]',
          );
        },
        reply: async () => (await page.textContent('.reply:last-child .prose')) ?? '',
        close: () => context.close(),
      };
    },
    async close() {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A promise, and the hand that resolves it. */
export const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();
