/** Runs in the page: both engines on the same file, one thread each. chromium.ts asks. */
import { Wllama } from '@wllama/wllama/esm/index.js';
import { createWasmDevice } from '../../kernels/wasm/device.ts';
import { httpRangeSource } from '../../models/sources/http-range-source.ts';
import { openCriaEngine } from './cria-engine.ts';
import type { Question } from './take-commands.ts';

const CONTEXT = 512;
const WORDS = ['hello', 'world', 'the', 'red', 'fox', 'tree', 'road', 'sun']; // a token each

/** Its types want this to be both forms at once. */
const ONE_WORD = { [WORDS[0]!]: 100 } as Record<string, number> & never[];

export async function openBoth() {
  const device = createWasmDevice(
    await WebAssembly.compileStreaming(fetch('/kernels.wasm')),
    'wasm (relaxed simd)',
  );
  const source = await httpRangeSource(new URL('/model.gguf', location.href).href, (url, init) =>
    fetch(url, init),
  );
  const cria = await openCriaEngine(device, source, CONTEXT);

  const wllama = new Wllama({ default: '/wllama.wasm' });
  const blob = await (await fetch('/model.gguf')).blob();
  await wllama.loadModel([blob], {
    n_threads: 1,
    n_parallel: 1,
    n_ctx: CONTEXT,
    n_batch: CONTEXT,
    n_gpu_layers: 0,
  });

  let prompts = 0;
  /**
   * wllama times itself, and counts the tokens of the prompt it was given as text. It is made to say a word again and again:
   * of random weights' tokens some are no UTF-8, over which it falls.
   */
  async function complete(words: number, tokens: number) {
    prompts++;
    const prompt = Array.from({ length: words }, (_, i) => WORDS[(7 * i + prompts) % WORDS.length]).join(' ');
    const { timings } = await wllama.createCompletion({
      ...{ prompt, max_tokens: tokens, temperature: 0, cache_prompt: false, ignore_eos: true },
      logit_bias: ONE_WORD,
    });
    if (timings === undefined) throw new Error('wllama gave no timings');
    return timings;
  }

  return {
    decode: cria.decode,
    prefill: cria.prefill,
    /** Its clock for tokens starts when the first of them is there. */
    async 'wllama-decode'({ tokens }: Question) {
      const { predicted_n, predicted_ms } = await complete(2, tokens + 1);
      return (1000 * (predicted_n - 1)) / predicted_ms;
    },

    /** The begin token is the one that words leave out. */
    'wllama-prefill': async ({ tokens }: Question) => (await complete(tokens - 1, 1)).prompt_per_second,
  };
}
