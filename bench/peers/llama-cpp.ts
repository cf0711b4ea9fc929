/** llama.cpp on CPU threads, as node-llama-cpp ships it. */
import { getLlama, getModuleVersion, LlamaLogLevel, type Token } from 'node-llama-cpp';
import { peerArgs } from './peer-args.ts';
import { benchPrompt, DECODE_PROMPT, takeCommands } from './take-commands.ts';

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
  threads: { ideal: threads, min: threads },
});
const sequence = context.getSequence();
const vocab = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
const prompt = (length: number) => benchPrompt(length, vocab) as Token[];

await takeCommands(`llama.cpp (node-llama-cpp ${await getModuleVersion()})`, {
  async prefill({ tokens }) {
    await sequence.clearHistory();
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt(tokens));
    return (1000 * tokens) / (performance.now() - start);
  },

  /** Greedy tokens after a short prompt; reading the prompt is not timed. */
  async decode({ tokens }) {
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
});
await llama.dispose();
