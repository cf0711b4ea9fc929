/**
 * llama.cpp on one CPU thread, as a process that loads a model once and takes commands, so that a bench can alternate
 * between engines: on a shared machine only rounds next to each other compare.
 *
 *     node bench/peers/llama-cpp.ts model.gguf
 *     ← {"ready":true,"engine":"llama.cpp (node-llama-cpp 3.22.1)","threads":1,"loadMs":900}
 *     → {"cmd":"decode","tokens":32}     ← {"cmd":"decode","tokens":32,"tokensPerSecond":20.5}
 *     → {"cmd":"prefill","tokens":128}   ← {"cmd":"prefill","tokens":128,"tokensPerSecond":70.1}
 *
 * One JSON object a line on stdin and stdout; what goes wrong comes back as {"error":"…"}. Ends with stdin.
 */
import { createInterface } from 'node:readline';
import { getLlama, getModuleVersion, LlamaLogLevel, type Token } from 'node-llama-cpp';
import { z } from 'zod';

const Command = z.object({ cmd: z.enum(['decode', 'prefill']), tokens: z.int().min(1).max(512) });

const DECODE_PROMPT = 16; // tokens in the cache before the first that is timed

const modelPath = process.argv[2];
if (!modelPath) throw new Error('usage: node bench/peers/llama-cpp.ts model.gguf');

const loadStart = performance.now();
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  contextSize: 1024,
  batchSize: 512,
  sequences: 1,
  threads: { ideal: 1, min: 1 },
});
const sequence = context.getSequence();
const vocab = model.fileInfo.metadata.tokenizer.ggml.tokens.length;

/** Ids spread over the vocabulary, so that rows of the embedding are not all in the processor's cache. */
const prompt = (length: number) => Array.from({ length }, (_, i) => ((1000 + 37 * i) % vocab) as Token);

async function prefill(tokens: number): Promise<number> {
  await sequence.clearHistory();
  const start = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(prompt(tokens));
  return (1000 * tokens) / (performance.now() - start);
}

/** Greedy tokens after a short prompt; reading the prompt is not timed. */
async function decode(tokens: number): Promise<number> {
  await sequence.clearHistory();
  let start = 0;
  let made = -1; // the first token comes from the prompt
  for await (const _ of sequence.evaluate(prompt(DECODE_PROMPT), { temperature: 0, yieldEogToken: true })) {
    made++;
    if (made === 0) start = performance.now();
    if (made === tokens) break;
  }
  return (1000 * made) / (performance.now() - start);
}

const say = (message: object) => console.log(JSON.stringify(message));

say({
  ready: true,
  engine: `llama.cpp (node-llama-cpp ${await getModuleVersion()})`,
  threads: context.currentThreads,
  loadMs: Math.round(performance.now() - loadStart),
});
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { cmd, tokens } = Command.parse(JSON.parse(line));
    say({ cmd, tokens, tokensPerSecond: cmd === 'decode' ? await decode(tokens) : await prefill(tokens) });
  } catch (error) {
    say({ error: String(error) });
  }
}
await llama.dispose();
