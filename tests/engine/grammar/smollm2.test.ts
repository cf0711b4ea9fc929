// The whole way, on a model that would rather say something else: temperature 1.5, eight replies at once.
import { expect, test } from 'vitest';
import type { CompletionRequest, Engine } from '../../../engine/engine.ts';
import { createGrammars } from '../../../engine/grammar/grammars.ts';
import { schemaRule } from '../../../engine/grammar/schema/schema-rule.ts';
import { createLocalEngine } from '../../../engine/local.ts';
import { openFileSource } from '../../../models/cli/file-source.ts';
import { loadModel } from '../../../models/load.ts';
import { relaxed } from '../../support/backends.ts';
import { byteVocabulary } from '../../support/byte-vocabulary.ts';
import { ask, info } from '../../support/local-engine.ts';
import { plain } from '../../support/sampling.ts';
import { judge } from '../../support/schema-judge.ts';
import { SCHEMAS } from '../../support/schema-table.ts';
import { smollm2Path } from '../../support/smollm2.ts';

const AT_ONCE = 8;
const MAX_TOKENS = 32;

async function smollm2(): Promise<Engine> {
  const device = relaxed.create();
  await using source = await openFileSource(smollm2Path());
  const rows = { maxRows: 48 + AT_ONCE, maxLogitRows: AT_ONCE, contextLength: 256 };
  const loaded = await loadModel(device, source, { template: 'chatml', kvType: 'f16', ...rows });
  return createLocalEngine({
    ...{ info, ...loaded, device, speculation: false },
    today: () => '26 Jul 2024',
    random: () => 0,
    nowMs: () => 0,
    breathe: () => Promise.resolve(),
    limits: {
      running: AT_ONCE,
      waiting: 0,
      contextLength: 256,
      prefillChunk: 48,
      stalledMs: 1e9,
      prefixCacheBytes: 4e6,
    },
  });
}

const requestFor = (schema: unknown, seed: number): CompletionRequest => ({
  model: info.id,
  prompt: { type: 'chat', messages: [{ role: 'user', content: 'Give me a short example, as JSON.' }] },
  maxTokens: MAX_TOKENS,
  stop: [],
  sampling: { ...plain, temperature: 1.5, seed },
  format: { type: 'json_schema', schema: schema as Record<string, unknown> },
});

test('every reply that came to its end is valid, and the others are on their way', {
  timeout: 400_000,
}, async () => {
  const engine = await smollm2();
  const overBytes = createGrammars(byteVocabulary());
  const waiting = SCHEMAS.map(({ schema }, i) => ({ schema, seed: i }));
  let whole = 0;

  async function worker(): Promise<void> {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { schema, seed } = next;
      const { text, done } = await ask(engine, requestFor(schema, seed));
      const about = `${JSON.stringify(schema)}\n${text}`;
      if (done.reason === 'stop') {
        whole++;
        expect(judge(schema)(JSON.parse(text)), about).toBe(true);
        continue;
      }
      expect(done.usage.completionTokens, about).toBe(MAX_TOKENS);
      const matcher = overBytes.matcher(JSON.stringify(schema), () => schemaRule(schema, 'json'));
      const kept = text.replace(/\ufffd$/, ''); // half a character, where it was cut
      for (const byte of new TextEncoder().encode(kept)) matcher.push(byte); // throws
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(whole).toBeGreaterThan(SCHEMAS.length / 2);
});
