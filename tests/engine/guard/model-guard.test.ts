import { expect, test } from 'vitest';
import { LLAMA_1B } from '../../../bench/llama-1b-layout.ts';
import { UnfitGuardError } from '../../../engine/errors.ts';
import { DEFAULT_POLICY } from '../../../engine/guard/guard.ts';
import { createModelGuard } from '../../../engine/guard/model-guard.ts';
import { CATALOGUE, findModel } from '../../../models/catalogue.ts';
import { nodeHasher } from '../../../models/cli/node-hasher.ts';
import { FormatError } from '../../../models/errors.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { relaxed } from '../../support/backends.ts';
import { never } from '../../support/local-engine.ts';
import { randomLlama } from '../../support/random-llama.ts';

const SHAPE = { ...LLAMA_1B, layers: 1, hidden: 64, ffn: 64, heads: 2, kvHeads: 1, headDim: 32 };
const asked = {
  messages: [{ role: 'user', content: 'hello' } as const],
  policy: DEFAULT_POLICY,
  scores: false,
};

function setup(manifest = findModel('llama-guard-3-1b')) {
  const file = randomLlama(SHAPE, { type: 'q8_0', embedding: 'q8_0' });
  let opened = 0;
  let disposed = 0;
  const guard = createModelGuard({
    manifest,
    kvType: 'f16',
    createDevice: () => Object.assign(relaxed.create(), { [Symbol.dispose]: () => void disposed++ }),
    openFile: async (name) => {
      if (!name.endsWith('.gguf')) return undefined;
      opened++;
      return bufferSource(name, file);
    },
    createHasher: nodeHasher,
    nowMs: () => 0,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    pause: () => new Promise((resolve) => setTimeout(resolve, 5)),
  });
  return { guard, opened: () => opened, disposed: () => disposed };
}

test('a Guard of random weights fails its test once, and judges nothing from then on', async () => {
  const { guard, opened, disposed } = setup();
  expect(guard.state).toBe('loading');
  await expect(guard.judge(asked, never())).rejects.toThrow(UnfitGuardError);
  expect(guard.state).toBe('failed');
  await expect(guard.judge(asked, never())).rejects.toThrow('self-test');
  expect(opened()).toBe(1); // a gigabyte is not read again for each request
  expect(disposed()).toBe(1);
});

test('an entry that is no Guard is refused at once', () => {
  expect(() => setup(CATALOGUE[0]!)).toThrow(FormatError);
});
