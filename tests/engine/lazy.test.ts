import { describe, expect, test } from 'vitest';
import type { Engine } from '../../engine/engine.ts';
import { SupersededError } from '../../engine/errors.ts';
import { createLazyEngine } from '../../engine/lazy.ts';
import { ask, info, localSetup, request } from '../support/local-engine.ts';
import { recite } from '../support/scripted-llama.ts';

const ready = () => localSetup({ script: recite('ok') }).engine;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A lazy engine whose loads the test ends by hand. */
function lazySetup() {
  const clock = { ms: 0 };
  const loads: {
    progress: (bytes?: number, totalBytes?: number) => void;
    resolve: (engine: Engine) => void;
    reject: (error: Error) => void;
  }[] = [];
  const engine = createLazyEngine({
    info,
    load: (progress) => new Promise((resolve, reject) => loads.push({ progress, resolve, reject })),
    nowMs: () => clock.ms,
    pause: turn,
    stuckMs: 1000,
  });
  return { engine, loads, clock };
}

const hi = request('>');

describe('createLazyEngine()', () => {
  test('knows its model before it is loaded', () => {
    const { engine, loads } = lazySetup();
    expect(engine.models()).toEqual([info]);
    expect(engine.stats()).toMatchObject({ state: 'loading', requests: 0 });
    expect(loads.length).toBe(0);
  });

  test('loads once for all who come meanwhile and after', async () => {
    const { engine, loads } = lazySetup();
    const both = [ask(engine, hi), ask(engine, hi)];
    await turn();
    expect(engine.stats().state).toBe('loading');
    loads[0]!.resolve(ready());
    for (const { text } of await Promise.all(both)) expect(text).toBe('ok');
    await ask(engine, hi);
    expect(loads.length).toBe(1);
    expect(engine.stats()).toMatchObject({ state: 'ready', requests: 3 });
  });

  test('tells those who waited why it failed, and tries again for the next', async () => {
    const { engine, loads } = lazySetup();
    const both = [ask(engine, hi), ask(engine, hi)];
    loads[0]!.reject(new Error('no such file'));
    for (const reply of await Promise.allSettled(both))
      expect(reply).toMatchObject({ status: 'rejected', reason: { message: 'no such file' } });
    expect(engine.stats().state).toBe('failed');

    const again = ask(engine, hi);
    await turn();
    expect(engine.stats().state).toBe('loading');
    loads[1]!.resolve(ready());
    expect((await again).text).toBe('ok');
  });

  test('says how far it is, and loads when it is told to prepare', async () => {
    const { engine, loads } = lazySetup();
    expect(engine.stats().load).toEqual({ bytes: 0, totalBytes: 0 });
    const prepared = engine.prepare(new AbortController().signal);
    await turn();
    loads[0]!.progress(30, 100);
    expect(engine.stats()).toMatchObject({ state: 'loading', load: { bytes: 30, totalBytes: 100 } });
    loads[0]!.progress(); // alive, no news
    expect(engine.stats().load).toEqual({ bytes: 30, totalBytes: 100 });
    loads[0]!.progress(100, 100);
    loads[0]!.resolve(ready());
    await prepared;
    expect(engine.stats()).toMatchObject({ state: 'ready', load: { bytes: 100, totalBytes: 100 } });
    expect(loads.length).toBe(1);
  });

  test('begins anew when a load has died, and stops the old one should it wake', async () => {
    const { engine, loads, clock } = lazySetup();
    const first = ask(engine, hi);
    clock.ms = 900;
    loads[0]!.progress();
    clock.ms = 1800; // only 900 ms without progress
    const second = ask(engine, hi);
    await turn();
    expect(loads.length).toBe(1);

    clock.ms = 1901;
    await turn();
    expect(loads.length).toBe(2);
    expect(loads[0]!.progress).toThrow(SupersededError);
    loads[0]!.reject(new Error('too late to matter'));
    loads[1]!.resolve(ready());
    expect((await first).text).toBe('ok');
    expect((await second).text).toBe('ok');
    expect(loads.length).toBe(2);
  });

  test('takes whichever load ends first', async () => {
    const { engine, loads, clock } = lazySetup();
    const reply = ask(engine, hi);
    clock.ms = 1001;
    await turn();
    loads[0]!.resolve(ready());
    expect((await reply).text).toBe('ok');
    expect(loads[1]!.progress).toThrow(SupersededError);
  });

  test('lets a request go that is aborted while the model loads', async () => {
    const { engine } = lazySetup();
    const controller = new AbortController();
    const reply = ask(engine, hi, controller.signal);
    await turn();
    controller.abort();
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('begins no load for a request that is aborted already', async () => {
    const { engine, loads } = lazySetup();
    await expect(engine.start(hi, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(loads.length).toBe(0);
  });
});
