/**
 * Our engine in Node, on one thread: the forward pass and the choice of a token, without HTTP.
 *
 *     node bench/peers/cria-node.ts model.gguf      (commands: take-commands.ts)
 */
import { readFileSync } from 'node:fs';
import { createWasmDevice } from '../../kernels/wasm/device.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
import { loadModel } from '../../models/load.ts';
import { benchPrompt, DECODE_PROMPT, takeCommands } from './take-commands.ts';

const modelPath = process.argv[2];
if (!modelPath) throw new Error('usage: node bench/peers/cria-node.ts model.gguf');

const loadStart = performance.now();
const wasm = new URL('../../kernels/wasm/kernels-relaxed.wasm', import.meta.url);
const device = createWasmDevice(new WebAssembly.Module(readFileSync(wasm)), 'wasm (relaxed simd)');
const source = await openFileSource(modelPath);
const { llama } = await loadModel(device, source, {
  template: 'base',
  kvType: 'f16',
  maxRows: 128,
  maxLogitRows: 1,
  contextLength: 1024,
});
await source.close();
const vocab = llama.vocabSize;
const cache = llama.newCache(1024);

/** Reads a prompt into an empty cache; the greedy token after it. */
async function read(tokens: number): Promise<number> {
  const ids = Uint32Array.from(benchPrompt(tokens, vocab));
  cache.length = 0;
  let at = 0;
  for (; tokens - at > llama.maxRows; at += llama.maxRows)
    llama.forward([{ cache, ids: ids.subarray(at, at + llama.maxRows), logits: 'none' }]);
  return choose(ids.subarray(at));
}

async function choose(ids: Uint32Array): Promise<number> {
  const logits = llama.forward([{ cache, ids, logits: 'last' }]);
  return (await device.topK(logits, 0, vocab, 1)).ids[0]!;
}

await takeCommands({
  engine: `Cria in Node ${process.versions.node}`,
  loadMs: Math.round(performance.now() - loadStart),
  vocab,

  async prefill(tokens) {
    const start = performance.now();
    await read(tokens);
    return (1000 * tokens) / (performance.now() - start);
  },

  async decode(tokens) {
    let id = await read(DECODE_PROMPT);
    const start = performance.now();
    for (let made = 0; made < tokens; made++) id = await choose(Uint32Array.of(id));
    return (1000 * tokens) / (performance.now() - start);
  },

  peakBytes: async () => 1024 * process.resourceUsage().maxRSS,
  close: async () => llama.freeCache(cache),
});
