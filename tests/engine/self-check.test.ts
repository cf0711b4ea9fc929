import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LLAMA_1B } from '../../bench/llama-1b-layout.ts';
import { createModelEngine } from '../../engine/model-engine.ts';
import { selfCheck } from '../../engine/self-check.ts';
import { findModel } from '../../models/catalogue.ts';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';
import { relaxed } from '../support/backends.ts';
import { ask, never, request } from '../support/local-engine.ts';
import { randomLlama } from '../support/random-llama.ts';
import { recite, type Script, scriptedLlama, scriptedTokenizer } from '../support/scripted-llama.ts';

const SHAPE = { ...LLAMA_1B, layers: 1, hidden: 64, ffn: 64, heads: 2, kvHeads: 1, headDim: 32 };
const known = { prompt: '1, 2, 3>', answer: '4' };

function parts(script: Script) {
  const llama = scriptedLlama({ script });
  return { llama, device: llama.device, tokenizer: scriptedTokenizer() };
}

describe('selfCheck()', () => {
  test('is content with the known answer, or with numbers where none is known', async () => {
    const sound = parts(recite('4'));
    await selfCheck(sound, known);
    await selfCheck(parts(recite('x')), undefined);
    expect(sound.llama.cachesAlive).toBe(0);
  });

  test('says what is likeliest in place of the answer', async () => {
    const script: Script = (tokens) =>
      recite('4')(tokens).map((logit, id) => (id >= 97 && id < 102 ? 20 : logit));
    const sick = parts(script);
    await expect(selfCheck(sick, known)).rejects.toThrow(
      'the model failed its self-check and answers nothing: "1, 2, 3>" is followed by "a", "b", "c", "d", "e", and not by "4"',
    );
    expect(sick.llama.cachesAlive).toBe(0);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a logit that is %s', async (logit) => {
    const script: Script = (tokens) => recite('4')(tokens).with(7, logit);
    await expect(selfCheck(parts(script), known)).rejects.toThrow(`the logit of token 7 is ${logit}`);
  });
});

test('a model that does not know the answer is loaded once, and refuses from then on', async () => {
  const manifest = findModel('smollm2-135m-instruct-q4_1');
  const [file] = manifest.files;
  const bytes = randomLlama(SHAPE, { type: 'q8_0', embedding: 'q8_0' });
  let opened = 0;
  let disposed = 0;
  const engine = createModelEngine({
    manifest: { ...manifest, files: [{ name: file!.name, sources: file!.sources }] },
    settings: {
      ...{ contextLength: 64, running: 1, waiting: 1, kvType: 'f16' },
      ...{ prefixCacheBytes: 0, speculation: false },
    },
    createDevice: () => Object.assign(relaxed.create(), { [Symbol.dispose]: () => void disposed++ }),
    async openFile(name) {
      if (!name.endsWith('.gguf')) return undefined;
      opened++;
      return bufferSource(name, bytes);
    },
    createHasher: nodeHasher,
    nowMs: () => 0,
    random: () => 0,
    breathe: () => setImmediate(),
    pause: () => setImmediate(),
  });
  await expect(engine.prepare(never())).rejects.toThrow('failed its self-check');
  expect(engine.stats()).toMatchObject({ state: 'failed', deviceBytes: 0 });
  await expect(ask(engine, request('hi'))).rejects.toThrow('and not by " Paris"');
  expect([opened, disposed]).toEqual([1, 1]);
});
