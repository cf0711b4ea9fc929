// A local engine over the scripted Llama, with a clock and an event loop the test turns by hand.
import type { CompletionRequest, Engine, ModelInfo, Part, TokenLogprob } from '../../engine/engine.ts';
import { createLocalEngine, type LocalEngineLimits, type LocalEngineParts } from '../../engine/local.ts';
import { greedy } from './sampling.ts';
import {
  type ScriptedLlama,
  type ScriptedOptions,
  scriptedLlama,
  scriptedTokenizer,
} from './scripted-llama.ts';

export const info: ModelInfo = {
  id: 'tests/scripted',
  created: 0,
  ownedBy: 'tests',
  contextLength: 4096,
  licence: 'none',
};

export const request = (text: string, more: Partial<CompletionRequest> = {}): CompletionRequest => ({
  model: info.id,
  prompt: { type: 'text', text },
  maxTokens: undefined,
  stop: [],
  sampling: greedy,
  ...more,
});

export interface LocalSetup {
  readonly engine: Engine;
  readonly llama: ScriptedLlama;
  readonly clock: { ms: number };
}

/** `passMs`: how far a pass of so many rows moves the clock. */
export function localSetup(
  options: ScriptedOptions & { readonly passMs?: (rows: number) => number },
  limits: Partial<LocalEngineLimits> = {},
  parts: Partial<LocalEngineParts> = {},
): LocalSetup {
  const clock = { ms: 0 };
  const { passMs = () => 0 } = options;
  const onPass = (rows: number) => {
    clock.ms += passMs(rows);
  };
  const llama = scriptedLlama({ onPass, ...options });
  let seeds = 0;
  const engine = createLocalEngine({
    info,
    llama,
    device: llama.device,
    tokenizer: scriptedTokenizer(),
    prompt: (messages, { date }) => [
      { control: '<|user|>' },
      { text: `${date}: ${messages.map(({ content }) => content).join('|')}>` },
    ],
    toolFormat: 'pythonic',
    today: () => '26 Jul 2024',
    random: () => seeds++,
    nowMs: () => clock.ms,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    limits: {
      running: 4,
      waiting: 4,
      contextLength: 4096,
      prefillChunk: 16,
      stalledMs: 1000,
      prefixCacheBytes: 0,
      ...limits,
    },
    speculation: true,
    ...parts,
  });
  return { engine, llama, clock };
}

export interface Reply {
  readonly text: string;
  /** There when logprobs were asked for. */
  readonly tokens?: readonly TokenLogprob[];
  /** There when it made any. */
  readonly calls?: readonly (readonly [name: string, json: string])[];
  readonly done: Extract<Part, { type: 'done' }>;
}

/** Reads a reply to its end. */
export async function readAll(parts: AsyncIterable<Part>): Promise<Reply> {
  let text = '';
  const tokens: TokenLogprob[] = [];
  const calls: [string, string][] = [];
  for await (const part of parts) {
    if (part.type === 'done')
      return { text, done: part, ...(tokens.length > 0 && { tokens }), ...(calls.length > 0 && { calls }) };
    if (part.type === 'tool_call') calls.push([part.name, '']);
    else if (part.type === 'tool_arguments') calls[part.index]![1] += part.text;
    else {
      text += part.text;
      tokens.push(...(part.tokens ?? []));
    }
  }
  throw new Error(`the reply ended without a reason, after '${text}'`);
}

export const never = () => new AbortController().signal;

export async function ask(engine: Engine, asked: CompletionRequest, signal = never()): Promise<Reply> {
  return readAll((await engine.start(asked, signal)).parts);
}
