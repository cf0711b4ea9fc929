import { number, text } from './json.ts';

/** What a reply is asked with, beside the turns before it. */
export interface Params {
  readonly model: string;
  readonly system: string; // empty: none is sent
  readonly temperature: number; // [0, 2]
  readonly topP: number; // (0, 1]
  readonly maxTokens: number | undefined; // undefined: as many as fit
  readonly seed: number | undefined; // undefined: the server draws one
}

export const DEFAULTS: Params = {
  model: '',
  system: '',
  temperature: 0.7,
  topP: 0.95,
  maxTokens: 512, // a small model that starts to ramble ends within a minute
  seed: undefined,
};

/** Params from JSON of unknown origin, each brought into its range. */
export function readParams(value: unknown): Params {
  return {
    model: text(value, 'model') ?? DEFAULTS.model,
    system: text(value, 'system') ?? DEFAULTS.system,
    temperature: clamp(number(value, 'temperature') ?? DEFAULTS.temperature, 0, 2),
    topP: clamp(number(value, 'topP') ?? DEFAULTS.topP, 0.05, 1),
    maxTokens: whole(number(value, 'maxTokens'), 1),
    seed: whole(number(value, 'seed'), 0),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function whole(value: number | undefined, low: number): number | undefined {
  return value === undefined ? undefined : clamp(Math.floor(value), low, Number.MAX_SAFE_INTEGER);
}
