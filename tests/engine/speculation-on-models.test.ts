// Drafts on real arithmetic: rows computed together, caches cut short and written over, and the text is still the same.
import { describe, expect, test } from 'vitest';
import type { CompletionRequest, Engine, Sampling } from '../../engine/engine.ts';
import { createLocalEngine } from '../../engine/local.ts';
import type { KvType } from '../../kernels/kernels.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
import { type LoadOptions, loadModel } from '../../models/load.ts';
import { fast, relaxed } from '../support/backends.ts';
import { ask, info } from '../support/local-engine.ts';
import { MISSPELT_LETTER } from '../support/misspelt-letter.ts';
import { greedy } from '../support/sampling.ts';
import { smollm2Path } from '../support/smollm2.ts';
import { tinyLlama } from '../support/tiny-llama.ts';

/**
 * One model behind two engines, one that speculates and one that does not. By their clock all passes but those that
 * read a prompt take the same short time, so that any draft is worth a try.
 */
async function engines(
  path: string,
  backend: typeof relaxed,
  options: Pick<LoadOptions, 'template' | 'kvType'>,
) {
  const device = backend.create();
  await using source = await openFileSource(path);
  const contextLength = 512;
  const rows = { maxRows: 64, maxLogitRows: 8, contextLength };
  const loaded = await loadModel(device, source, { ...options, ...rows });
  let ms = 0;
  const { forward } = loaded.llama;
  loaded.llama.forward = (spans) => {
    ms += spans[0]!.ids.length > rows.maxLogitRows ? 500 : 1;
    return forward(spans);
  };
  const engineOf = (speculation: boolean): Engine =>
    createLocalEngine({
      ...{ info, ...loaded, device, speculation },
      today: () => '26 Jul 2024',
      random: () => 0,
      nowMs: () => ms,
      breathe: () => Promise.resolve(),
      limits: {
        running: 1,
        waiting: 1,
        contextLength,
        prefillChunk: 64,
        stalledMs: 1e9,
        prefixCacheBytes: 0,
      },
    });
  return { drafting: engineOf(true), plain: engineOf(false) };
}

const samplings: readonly Sampling[] = [
  greedy,
  { ...greedy, repetitionPenalty: 1.05, frequencyPenalty: 0.02 },
  { ...greedy, temperature: 0.4, seed: 11 },
  { ...greedy, temperature: 0.6, topK: 40, topP: 0.9, minP: 0.02, seed: 12 },
];

async function compare(setup: { drafting: Engine; plain: Engine }, requests: readonly CompletionRequest[]) {
  for (const asked of requests)
    expect(await ask(setup.drafting, asked)).toEqual(await ask(setup.plain, asked));
  return setup.drafting.stats();
}

describe.each(fast)('tiny Llamas on $name', (backend) => {
  test.each<[string, KvType]>([
    ['f32', 'f16'],
    ['q4_0', 'f16'],
    ['q8_0', 'q8'],
    ['q4_k', 'q8'],
  ])('say the same with drafts, weights in %s and keys in %s', async (name, kvType) => {
    const setup = await engines(tinyLlama(name).path, backend, { template: 'base', kvType });
    const phrase = [17, 250, 3, 99, 140, 61, 8, 202];
    const requests = samplings.map((sampling, i) => ({
      ...{ model: info.id, maxTokens: 150, stop: [], sampling },
      prompt: { type: 'tokens' as const, ids: Array.from({ length: 100 + i }, (_, at) => phrase[at % 8]!) },
    }));
    const { draftTokens, acceptedTokens } = await compare(setup, [...requests, ...requests]);
    expect(acceptedTokens).toBeGreaterThan(50);
    expect(draftTokens - acceptedTokens).toBeGreaterThan(50);
  });
});

test('SmolLM2 rewrites a text to the same words with drafts', async () => {
  const setup = await engines(smollm2Path(), relaxed, { template: 'chatml', kvType: 'f16' });
  const content = `Correct the spelling of this text, and change nothing else:

${MISSPELT_LETTER}`;
  const requests = samplings.map((sampling) => ({
    ...{ model: info.id, maxTokens: 48, stop: [], sampling },
    prompt: { type: 'chat' as const, messages: [{ role: 'user' as const, content }] },
  }));
  const { draftTokens, acceptedTokens } = await compare(setup, requests);
  expect(acceptedTokens).toBeGreaterThan(30);
  expect(draftTokens - acceptedTokens).toBeGreaterThan(15);
}, 120_000);
