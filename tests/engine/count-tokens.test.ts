import { expect, test } from 'vitest';
import type { Prompt } from '../../engine/engine.ts';
import { InvalidPromptError, UnknownModelError } from '../../engine/errors.ts';
import { info, localSetup, never, request } from '../support/local-engine.ts';
import { recite } from '../support/scripted-llama.ts';

const chat = (content: string): Prompt => ({ type: 'chat', messages: [{ role: 'user', content }] });
const text = (text: string): Prompt => ({ type: 'text', text });

test('countTokens() tells what start() would read, and reads nothing', async () => {
  const { engine, llama } = localSetup({ script: recite('ok') });
  const inputs = [chat('hello'), text('hello'), { type: 'tokens', ids: [1, 2, 3] } as const, text('')];
  const counts = await engine.countTokens({ model: info.id, inputs }, never());
  const started = [];
  for (const prompt of inputs)
    started.push((await engine.start(request('', { prompt, maxTokens: 0 }), never())).promptTokens);
  expect(counts).toEqual(started);
  expect(llama.batches).toHaveLength(0);
  expect(engine.stats()).toMatchObject({ running: 0, waiting: 0, promptTokens: 0 });
});

test('countTokens() lets others have a turn while it counts much', async () => {
  let breaths = 0;
  const breathe = async () => {
    breaths++;
  };
  const { engine } = localSetup({ script: recite('ok') }, {}, { breathe });
  await engine.countTokens({ model: info.id, inputs: Array(20).fill(text('x'.repeat(1000))) }, never());
  expect(breaths).toBe(4);
});

test('countTokens() refuses what start() would, and stops when its reader leaves', async () => {
  const { engine } = localSetup({ script: recite('ok') });
  const count = (inputs: Prompt[], model = info.id, signal = never()) =>
    engine.countTokens({ model, inputs }, signal);
  await expect(count([text('x')], 'other')).rejects.toThrow(UnknownModelError);
  await expect(count([{ type: 'tokens', ids: [1e9] }])).rejects.toThrow(InvalidPromptError);
  await expect(count([text('x')], info.id, AbortSignal.abort())).rejects.toThrow('aborted');
});
