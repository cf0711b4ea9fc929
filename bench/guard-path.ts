/**
 * What a guard in the path costs a reply, both models of Llama 3.2 1B's shape with random weights, one thread each. The
 * guard's verdicts mean nothing, and its policy lets everything pass.
 *
 *     node bench/guard-path.ts
 */
import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { createGuardedEngine } from '../engine/guard/guarded-engine.ts';
import { createLocalGuard } from '../engine/guard/local-guard.ts';
import { guardWords } from '../engine/guard/vocabulary.ts';
import { createLocalEngine } from '../engine/local.ts';
import { createNodeDevice } from '../lambda/device.ts';
import { openFileSource } from '../models/cli/file-source.ts';
import { type LoadOptions, loadModel } from '../models/load.ts';
import { GUARD_FORMATS } from '../models/prompts/guard3.ts';
import { makeRandomGguf, randomGgufPath } from './make-random-gguf.ts';

const TOKENS = 48;
const ROUNDS = 3;
const QUESTION = 'What is a cria, and how long does it take until it can walk with its herd?';
const options = { type: 'q4_0', embedding: 'q6_k' } as const;
const path = randomGgufPath(options);
await makeRandomGguf(path, options);

async function load(more: Partial<LoadOptions> = {}) {
  const device = createNodeDevice(1);
  await using source = await openFileSource(path);
  const limits = { kvType: 'f16', maxRows: 56, maxLogitRows: 8, contextLength: 4096 } as const;
  return { device, ...(await loadModel(device, source, { template: 'llama3', ...limits, ...more })) };
}

const info = { id: 'bench/1b', created: 0, ownedBy: 'bench', contextLength: 4096, licence: 'none' };
const breathe = () => setImmediate();
const engine = createLocalEngine({
  ...(await load()),
  info,
  today: () => '26 Jul 2024',
  random: () => 1,
  nowMs: () => performance.now(),
  breathe,
  limits: {
    running: 8,
    waiting: 8,
    contextLength: 4096,
    prefillChunk: 48,
    stalledMs: 60_000,
    prefixCacheBytes: 0,
  },
  speculation: false,
});

const format = GUARD_FORMATS['guard3-1b'];
const guard = createLocalGuard({
  ...(await load({
    template: 'guard3-1b',
    vocabulary: (tokenizer) => guardWords(tokenizer, format).vocabulary,
  })),
  info: { ...info, categories: format.categories },
  format,
  breathe,
  pause: breathe,
  limits: { windowTokens: 4096, windows: 16, running: 2, waiting: 8, prefixCacheBytes: 2 ** 26 },
});
const policy = { threshold: 1, excluded: [], onUnknown: 'safe' } as const;
const judged = (path: 'off' | 'input' | 'output' | 'both') =>
  createGuardedEngine(engine, { guard, policy, path, refusal: '' });

/** Milliseconds to the first text and to the end. */
async function time(on: Engine): Promise<{ first: number; total: number }> {
  const startedAt = performance.now();
  const { parts } = await on.start(
    {
      model: info.id,
      prompt: { type: 'chat', messages: [{ role: 'user', content: QUESTION }] },
      maxTokens: TOKENS,
      stop: [],
      sampling: {
        temperature: 0,
        topP: 1,
        topK: 0,
        minP: 0,
        repetitionPenalty: 1,
        presencePenalty: 0,
        frequencyPenalty: 0,
        seed: 1,
      },
    },
    new AbortController().signal,
  );
  let first: number | undefined;
  for await (const _ of parts) first ??= performance.now() - startedAt;
  return { first: first!, total: performance.now() - startedAt };
}

const sides = (['off', 'input', 'output', 'both'] as const).map((path) => ({
  path,
  engine: judged(path),
  times: [] as Awaited<ReturnType<typeof time>>[],
}));
await time(judged('both')); // what all judgements begin with is kept from here on
for (let round = 0; round < ROUNDS; round++)
  for (const { engine, times } of sides) times.push(await time(engine));

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
for (const { path, times } of sides) {
  const first = median(times.map((one) => one.first)) / 1000;
  const total = median(times.map((one) => one.total)) / 1000;
  console.log(
    `| \`${path}\` | ${first.toFixed(1)} s | ${total.toFixed(1)} s | ${(TOKENS / total).toFixed(1)} |`,
  );
}
