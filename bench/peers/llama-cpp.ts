/**
 * llama.cpp on one CPU thread.
 *
 *     node bench/peers/llama-cpp.ts model.gguf      (commands: take-commands.ts)
 */
import { getLlama, getModuleVersion, LlamaLogLevel, type Token } from 'node-llama-cpp';
import { benchPrompt, DECODE_PROMPT, takeCommands } from './take-commands.ts';

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
const prompt = (length: number) => benchPrompt(length, vocab) as Token[];

await takeCommands({
  engine: `llama.cpp (node-llama-cpp ${await getModuleVersion()}), ${context.currentThreads} thread`,
  loadMs: Math.round(performance.now() - loadStart),
  vocab,

  async prefill(tokens) {
    await sequence.clearHistory();
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt(tokens));
    return (1000 * tokens) / (performance.now() - start);
  },

  /** Greedy tokens after a short prompt; reading the prompt is not timed. */
  async decode(tokens) {
    await sequence.clearHistory();
    let start = 0;
    let made = -1; // the first token comes from the prompt
    for await (const _ of sequence.evaluate(prompt(DECODE_PROMPT), { temperature: 0, yieldEogToken: true })) {
      made++;
      if (made === 0) start = performance.now();
      if (made === tokens) break;
    }
    return (1000 * made) / (performance.now() - start);
  },

  peakBytes: async () => 1024 * process.resourceUsage().maxRSS,
  close: () => llama.dispose(),
});
