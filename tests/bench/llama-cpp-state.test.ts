import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp';
import { afterAll, expect, test } from 'vitest';
import { repeatState } from '../../bench/peers/llama-cpp-state.ts';
import { tinyLlama } from '../support/tiny-llama.ts';

const IDS = [3, 1, 4, 1, 5, 9, 2] as Token[];

const folder = await mkdtemp(join(tmpdir(), 'cria-state-'));
afterAll(() => rm(folder, { recursive: true }));

test('repeatState writes what llama.cpp writes, and longer states that it reads', async () => {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: tinyLlama('f32').path });
  const context = await model.createContext({ contextSize: 512, sequences: 1, flashAttention: false });
  const sequence = context.getSequence();
  await sequence.evaluateWithoutGeneratingNewTokens(IDS);
  const saved = join(folder, 'saved');
  await sequence.saveStateToFile(saved);
  const state = await readFile(saved);

  expect(Buffer.concat(repeatState(state, IDS.length)).equals(state)).toBe(true);

  const longer = join(folder, 'longer');
  await writeFile(longer, repeatState(state, 100));
  await sequence.loadStateFromFile(longer, { acceptRisk: true });
  expect(sequence.nextTokenIndex).toBe(100);
  expect(sequence.contextTokens).toEqual(Array.from({ length: 100 }, (_, i) => IDS[i % IDS.length]));
  await sequence.evaluateWithoutGeneratingNewTokens(IDS);
  expect(sequence.nextTokenIndex).toBe(100 + IDS.length);

  expect(() => repeatState(state.subarray(0, -4), 100)).toThrow();
  await llama.dispose();
});
