/** Our engine in Node, asked as a door asks it: what a turn costs after another, and others' prompts those who speak. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createModelEngine } from '../../engine/model-engine.ts';
import { createNodeDevice } from '../../lambda/device.ts';
import { findModel } from '../../models/catalogue.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { greedy } from '../../tests/support/sampling.ts';
import { peerArgs } from './peer-args.ts';
import { benchPrompt } from './prompt.ts';
import { takeCommands } from './take-commands.ts';

const NEW = 16; // tokens that a next turn adds
const ALONE = 12; // steps that are timed before the prompt comes
const VOCAB = 128_256;
const args = peerArgs();
const entry = findModel('llama-3.2-1b-instruct-q4_0');
const [file] = entry.files;
const manifest = { ...entry, files: [{ ...file!, sha256: undefined }] }; // a random model stands in for it
let steps = 0;
let stepEndMs = 0;
let stepMs: number[] = [];

const engine = createModelEngine({
  manifest,
  settings: {
    contextLength: args.context,
    running: 8,
    waiting: 8,
    kvType: 'f16',
    prefixCacheBytes: 2 ** 28,
    speculation: false,
  },
  createDevice: () => createNodeDevice(args.threads),
  openFile: async (name) => (name === file!.name ? openFileSource(args.model) : undefined),
  createHasher: nodeHasher,
  nowMs: Date.now,
  random: () => 0,
  /** Every reader comes here after a step; the first notes how long it was. */
  breathe() {
    if (engine.stats().steps > steps) {
      const now = performance.now();
      stepMs.push(now - stepEndMs);
      stepEndMs = now;
      steps = engine.stats().steps;
    }
    return setImmediate();
  },
  pause: () => setTimeout(20),
});

/** Milliseconds to the end of a reply. Rejects when it is left. */
async function read(ids: readonly number[], maxTokens: number, signal: AbortSignal): Promise<number> {
  const startMs = performance.now();
  const prompt = { type: 'tokens', ids } as const;
  const { parts } = await engine.start(
    { model: manifest.id, prompt, maxTokens, stop: [], sampling: greedy },
    signal,
  );
  for await (const _ of parts);
  return performance.now() - startMs;
}

const firstTokenMs = (ids: readonly number[]) => read(ids, 1, new AbortController().signal);

let prompts = 0;
/** A prompt that has no beginning in common with those before. */
function unheard(length: number): number[] {
  const shift = 7919 * prompts++;
  return benchPrompt(length, VOCAB).map((id) => (id + shift) % VOCAB);
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

await takeCommands('Cria in Node, by requests', {
  /** Milliseconds to the first token after `tokens` that were read before and a few that are new. */
  async 'next-turn'({ tokens }) {
    const past = unheard(tokens);
    await firstTokenMs(past);
    return firstTokenMs([...past, ...unheard(NEW)]);
  },

  /** Milliseconds to the first token after as many that are all new. */
  'first-turn': ({ tokens }) => firstTokenMs(unheard(tokens + NEW)),

  /** Milliseconds by which a prompt delays another reply's token at most, over what that token takes alone. */
  async delay({ tokens }) {
    const leave = new AbortController();
    stepMs = [];
    const speaking = read(unheard(NEW), args.context - NEW, leave.signal).catch(() => {});
    while (stepMs.length < ALONE) await setImmediate();
    const alone = median(stepMs.slice(1)); // the first is its prompt's
    stepMs = [];
    await firstTokenMs(unheard(tokens));
    leave.abort();
    await speaking;
    return Math.max(...stepMs) - alone;
  },
});
