/** A real Llama behind the engine: a request's logits are the same to the last bit, whatever its past and company. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import { loadModel } from '../../models/load.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';
import { relaxed } from '../support/backends.ts';
import { ask, localSetup, never, request } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { babble } from '../support/scripted-llama.ts';
import { TINY_VOCAB, tinyLlama } from '../support/tiny-llama.ts';

const coin = createCoin(11);
const upTo = (n: number) => Math.floor(coin() * n);
const text = (length: number) => Array.from({ length }, () => upTo(TINY_VOCAB));

const tokens = (ids: readonly number[], maxTokens: number, temperature: number) =>
  request('', {
    prompt: { type: 'tokens', ids },
    maxTokens,
    sampling: { ...greedy, temperature, seed: 5 },
  });

/** An engine, and the rows of logits that are read from its device: those of requests that are not greedy. */
async function setup(type: string, kvType: 'f16' | 'q8', prefixCacheBytes: number) {
  const { path } = tinyLlama(type);
  const device = relaxed.create();
  const limits = { template: 'base', maxRows: 40, maxLogitRows: 4, contextLength: 1024 } as const;
  const loaded = await loadModel(device, bufferSource(path, readFileSync(path)), { ...limits, kvType });
  const rows: Float32Array[] = [];
  const read = device.read.bind(device);
  device.read = async (...where) => {
    const row = await read(...where);
    rows.push(row.slice()); // what the sampler is given, before it works on it
    return row;
  };
  const clock = { ms: 0 };
  const { engine } = localSetup(
    { script: babble },
    { prefixCacheBytes, prefillChunk: 32, stalledMs: 1e9 },
    {
      llama: loaded.llama,
      tokenizer: loaded.tokenizer,
      device,
      nowMs: () => clock.ms,
      async breathe() {
        await new Promise((resolve) => setImmediate(resolve));
        clock.ms += 60 * upTo(5); // chunks of all sizes
      },
    },
  );
  return { engine, device, rows };
}

test.each([
  { type: 'q4_0', kvType: 'f16' },
  { type: 'q4_k', kvType: 'q8' },
] as const)('$type weights, $kvType cache', async ({ type, kvType }) => {
  const shared = await setup(type, kvType, 2 ** 20);
  const company = await shared.engine.start(tokens(text(30), 900, 0), never());
  const companion = company.parts[Symbol.asyncIterator]();
  await companion.next();

  const system = text(50);
  const conversations = [[...system, ...text(9)], [...system, ...text(20)], text(70)];
  let cachedTokens = 0;
  for (let turn = 0; turn < 12; turn++) {
    const ids = conversations[turn % 3]!;
    const asked = tokens(ids, 1 + upTo(20), 1);
    const other = shared.engine.start(tokens([...system, ...text(upTo(60))], 3, 0), never());
    shared.rows.length = 0;
    const { done } = await ask(shared.engine, asked);
    cachedTokens += done.usage.cachedTokens;
    await (await other).parts[Symbol.asyncIterator]().return!();

    const alone = await setup(type, kvType, 0);
    await ask(alone.engine, asked);
    expect(shared.rows.length).toBe(alone.rows.length);
    expect(shared.rows).toEqual(alone.rows);
    ids.push(...text(5 + upTo(30)));
  }
  expect(cachedTokens).toBeGreaterThan(500);
  await companion.return!();
});
