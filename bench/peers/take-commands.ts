import { createInterface } from 'node:readline';
import { z } from 'zod';

const Command = z.object({ cmd: z.enum(['decode', 'prefill', 'memory']), tokens: z.int().min(0).max(512) });

/** Tokens in the cache before the first that `decode` times. */
export const DECODE_PROMPT = 16;

/** An engine with one model loaded. Each call starts from an empty cache and returns tokens per second. */
export interface Bench {
  readonly engine: string;
  readonly loadMs: number;
  /** The vocabulary's size. */
  readonly vocab: number;
  decode(tokens: number): Promise<number>;
  prefill(tokens: number): Promise<number>;
  /** Highest resident memory of the engine's process so far, in bytes. */
  peakBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Ids spread over the vocabulary, so that rows of the embedding are not all in the processor's cache. */
export function benchPrompt(length: number, vocab: number): number[] {
  return Array.from({ length }, (_, i) => (1000 + 37 * i) % vocab);
}

/**
 * Runs commands from stdin until it ends, so that a bench can alternate between engines: on a shared machine only
 * rounds next to each other compare. One JSON object a line, in and out:
 *
 *     ← {"ready":true,"engine":"…","loadMs":900}
 *     → {"cmd":"decode","tokens":32}     ← {"cmd":"decode","tokens":32,"value":20.5}
 *     → {"cmd":"memory","tokens":0}      ← {"cmd":"memory","tokens":0,"value":1100000000}
 */
export async function takeCommands(bench: Bench): Promise<void> {
  const say = (message: object) => console.log(JSON.stringify(message));
  say({ ready: true, engine: bench.engine, loadMs: bench.loadMs });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const { cmd, tokens } = Command.parse(JSON.parse(line));
      const run = { decode: bench.decode, prefill: bench.prefill, memory: bench.peakBytes }[cmd];
      say({ cmd, tokens, value: await run(tokens) });
    } catch (error) {
      say({ error: String(error) });
    }
  }
  await bench.close();
}
