/** What the peers that answer over HTTP have in common. */
import { basename } from 'node:path';
import { findModel } from '../../models/catalogue.ts';
import type { Manifest } from '../../models/manifest.ts';
import { benchPrompt } from './prompt.ts';

const VOCAB = 49_152; // ids that every model here has

/** As whose file a model is served. A random one stands in for an entry whose sha256 is not known: doors check the others. */
export function entryFor(model: string): Manifest {
  const isRandom = basename(model).startsWith('random-');
  return findModel(isRandom ? 'llama-3.2-3b-instruct-q4_0' : 'smollm2-135m-instruct-q4_1');
}

/** Milliseconds from the request to the end of the reply. */
export async function complete(
  server: URL,
  model: string,
  promptTokens: number,
  tokens: number,
): Promise<number> {
  const start = performance.now();
  const response = await fetch(new URL('/v1/completions', server), {
    method: 'POST',
    body: JSON.stringify({
      model,
      prompt: benchPrompt(promptTokens, VOCAB),
      max_tokens: tokens,
      temperature: 0,
    }),
  });
  const body = await response.text();
  const ms = performance.now() - start;
  const { usage } = JSON.parse(body);
  if (usage?.completion_tokens !== tokens) throw new Error(`${tokens} tokens wanted, got ${body}`);
  return ms;
}

/** Highest resident bytes of a process so far, of what Linux says in /proc/<pid>/status. */
export const peakBytes = (status: string): number => 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)![1]);
