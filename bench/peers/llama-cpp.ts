/** llama.cpp on CPU threads, as node-llama-cpp ships it. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getLlama, getModuleVersion, LlamaLogLevel, type Token } from 'node-llama-cpp';
import { repeatState } from './llama-cpp-state.ts';
import { peerArgs } from './peer-args.ts';
import { benchPrompt, DECODE_PROMPT } from './prompt.ts';
import { takeCommands } from './take-commands.ts';

const { model: modelPath, threads, context: contextSize } = peerArgs();
const llama = await getLlama({
  gpu: false,
  build: 'never',
  maxThreads: threads,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  contextSize,
  batchSize: 512,
  sequences: 1,
  flashAttention: false, // which decodes at half the speed on a CPU, past some thousand positions
  threads: { ideal: threads, min: threads },
});
const sequence = context.getSequence();
const vocab = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
const prompt = (length: number) => benchPrompt(length, vocab) as Token[];
const states = await mkdtemp(join(tmpdir(), 'cria-bench-states-'));
const saved = new Map<number, string>(); // by their number of positions

/** Brings the sequence to a position without reading that many tokens. */
async function fill(positions: number): Promise<void> {
  await sequence.clearHistory();
  if (positions === 0) return;
  let path = saved.get(positions);
  if (path === undefined) {
    const short = join(states, 'short');
    await sequence.evaluateWithoutGeneratingNewTokens(prompt(64));
    await sequence.saveStateToFile(short);
    path = join(states, String(positions));
    await writeFile(path, repeatState(readFileSync(short), positions));
    saved.set(positions, path);
  }
  await sequence.loadStateFromFile(path, { acceptRisk: true });
}

await takeCommands(`llama.cpp (node-llama-cpp ${await getModuleVersion()})`, {
  async prefill({ tokens }) {
    await sequence.clearHistory();
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt(tokens));
    return (1000 * tokens) / (performance.now() - start);
  },

  /** Greedy tokens after a short prompt; reading the prompt is not timed. */
  async decode({ tokens, at }) {
    await fill(at - DECODE_PROMPT);
    let start = 0;
    let made = -1; // the first token comes from the prompt
    for await (const _ of sequence.evaluate(prompt(DECODE_PROMPT), { temperature: 0, yieldEogToken: true })) {
      made++;
      if (made === 0) start = performance.now();
      if (made === tokens) break;
    }
    const tokensPerSecond = (1000 * made) / (performance.now() - start);
    if (sequence.nextTokenIndex < at + tokens)
      throw new Error(`llama.cpp is at position ${sequence.nextTokenIndex}, not ${at + tokens}`);
    return tokensPerSecond;
  },
});
await llama.dispose();
await rm(states, { recursive: true });
