// Thousands of things happening in no order: requests that come, read, leave, abort, vanish or stall, passes that
// fail, memory that runs out, reads that take their time. Whatever happened, nothing may be left over at the end.
import { expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import type { CompletionRequest, Part } from '../../engine/engine.ts';
import { BusyError, OutOfMemoryError, StalledError } from '../../engine/errors.ts';
import { ask, info, localSetup, never, request } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { babble, mutter } from '../support/scripted-llama.ts';

const FIRE = 'the device is on fire';

/** One client: asks for a part now and then, and keeps what it was told. */
interface Client {
  readonly request: CompletionRequest;
  readonly controller: AbortController;
  readonly iterator: AsyncIterator<Part>;
  text: string;
  asking: boolean;
  end: 'done' | 'left' | 'aborted' | 'stalled' | 'failed' | undefined;
  vanished: boolean;
}

function askOnce(client: Client): Promise<void> {
  client.asking = true;
  return client.iterator.next().then(
    ({ done, value }) => {
      client.asking = false;
      if (done) client.end ??= 'left';
      else if (value.type === 'done') client.end ??= 'done';
      else if (value.type === 'text') client.text += value.text;
    },
    (error: Error) => {
      client.asking = false;
      if (error instanceof StalledError) client.end ??= 'stalled';
      else if (error.message === FIRE || error instanceof OutOfMemoryError) client.end ??= 'failed';
      else if (error.name === 'AbortError') client.end ??= 'aborted';
      else throw error;
    },
  );
}

/** What may befall someone who stays: the clock jumps, too. */
const isExpected = (error: Error) =>
  error.message === FIRE || error instanceof OutOfMemoryError || error instanceof StalledError;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([1, 2, 3, 4, 5, 6])(
  'an engine under random use leaks nothing and mixes nothing up (seed %i)',
  async (seed) => {
    const coin = createCoin(seed);
    const upTo = (n: number) => Math.floor(coin() * n);
    const limits = {
      running: 1 + upTo(4),
      waiting: upTo(5),
      prefillChunk: 1 + upTo(12),
      stalledMs: 1000,
      prefixCacheBytes: seed % 2 === 0 ? 200 + upTo(1500) : 0,
    };
    const script = seed % 2 ? babble : mutter; // mutter is drafted, and often not what was drafted
    const passMs = (rows: number) => 1 + rows * 0.1;
    const device = { maxRows: 2 + upTo(16), maxLogitRows: 1 + upTo(8), room: 600 + upTo(1500) };
    const { engine, llama, clock } = localSetup({ script, passMs, ...device }, limits);
    llama.beforeRead = () => (coin() < 0.3 ? turn() : Promise.resolve());

    const clients: Client[] = [];
    let rejected = 0;
    let refused = 0;
    const active = () => clients.filter(({ end, vanished }) => !end && !vanished);
    const someone = () => active()[upTo(active().length)];

    async function come(): Promise<void> {
      const asked = request('p'.repeat(upTo(60)), {
        maxTokens: 1 + upTo(coin() < 0.2 ? 900 : 60),
        stop: coin() < 0.3 ? ['ab', 'q'] : [],
        ...(coin() < 0.2 && { echo: true, logprobs: upTo(3) }),
        sampling: {
          ...greedy,
          temperature: 25 * upTo(2),
          topK: 20 * upTo(2),
          presencePenalty: upTo(2),
          seed: upTo(1e6),
        },
      });
      const controller = new AbortController();
      try {
        const { parts } = await engine.start(asked, controller.signal);
        const iterator = parts[Symbol.asyncIterator]();
        clients.push({
          request: asked,
          controller,
          iterator,
          text: '',
          asking: false,
          end: undefined,
          vanished: false,
        });
      } catch (error) {
        if (error instanceof BusyError) rejected++;
        else if (error instanceof OutOfMemoryError) refused++;
        else throw error;
      }
    }

    /** Vectors, asked for by someone who stays; undefined when they were refused, or a pass failed. */
    async function embed(): Promise<void> {
      const inputs = Array.from({ length: 1 + upTo(3) }, () => 'e'.repeat(1 + upTo(30)));
      const asked = { model: info.id, inputs: inputs.map((text) => ({ type: 'text' as const, text })) };
      embeddings++;
      const made = await engine.embed(asked, never()).catch((error: Error) => {
        if (error instanceof BusyError) {
          rejected++;
          embeddings--;
        } else if (!isExpected(error)) throw error;
        return undefined;
      });
      if (!made) return;
      expect(made).toEqual(await localSetup({ script }).engine.embed(asked, never()));
      embedded++;
    }
    const embedding: Promise<void>[] = [];
    let embeddings = 0;
    let embedded = 0;

    for (let operation = 0; operation < 2000; operation++) {
      const client = someone();
      const what = coin();
      if (!client || what < 0.05) await come();
      else if (what < 0.06) embedding.push(embed());
      else if (what < 0.85) {
        if (!client.asking) void askOnce(client);
      } else if (what < 0.86) {
        client.end = 'left';
        void client.iterator.return!();
      } else if (what < 0.87) {
        client.controller.abort();
        if (!client.asking) client.end = 'aborted';
      } else if (what < 0.88) client.vanished = !client.asking;
      else if (what < 0.885) llama.failNext = new Error(FIRE);
      else if (what < 0.92) clock.ms += upTo(700);
      else for (let i = upTo(30); i >= 0; i--) await turn();
    }

    await Promise.all(
      active().map(async (client) => {
        while (client.asking) await turn();
        while (!client.end) await askOnce(client);
      }),
    );
    while (clients.some(({ asking }) => asking)) await turn();
    await Promise.all(embedding);
    expect(embedded).toBeGreaterThan(0);

    // Those who vanished hold their places until others want them.
    llama.failNext = undefined;
    clock.ms += 5000;
    const fresh = Array.from({ length: limits.running + limits.waiting }, () =>
      ask(engine, request('x', { maxTokens: 40 })),
    );
    for (const { text } of await Promise.all(fresh)) expect(text).toHaveLength(40);

    const { running, waiting, deviceBytes, ...counts } = engine.stats();
    expect([running, waiting]).toEqual([0, 0]);
    expect(deviceBytes).toBeLessThanOrEqual(limits.prefixCacheBytes);
    expect(llama.cachesAlive > 0).toBe(deviceBytes > 0);
    expect(counts.prefixHits > 0).toBe(limits.prefixCacheBytes > 0);
    expect(counts.rejected).toBe(rejected);
    expect(counts.requests).toBe(clients.length + refused + embeddings + fresh.length);

    let complete = 0;
    for (const { end, text, request: asked } of clients) {
      const alone = (await ask(localSetup({ script }, {}, { speculation: false }).engine, asked)).text;
      if (end === 'done') {
        expect(text).toBe(alone);
        complete++;
      } else expect(alone.startsWith(text)).toBe(true);
    }
    expect(complete).toBeGreaterThan(5);
  },
);
