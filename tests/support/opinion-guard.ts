// A Guard without arithmetic: the logits after a prompt are a function of its text, so a test knows the verdict.
import type { GuardInfo } from '../../engine/guard/guard.ts';
import { createLocalGuard, type GuardLimits, type LocalGuard } from '../../engine/guard/local-guard.ts';
import { guardWords } from '../../engine/guard/vocabulary.ts';
import type { Device, KvCache } from '../../kernels/kernels.ts';
import { createRefDevice } from '../../kernels/ref/device.ts';
import type { Llama, SequenceCache } from '../../models/llama/model.ts';
import { GUARD_FORMATS, type GuardFormat } from '../../models/prompts/guard3.ts';
import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';

/** What Guard would say of a prompt: any text. `logits` are of single tokens, by their text, and win. */
export interface Opinion {
  readonly answer: string;
  readonly logits?: Readonly<Record<string, number>>;
}

/** The opinion of a prompt, which is all its text up to Guard's answer. */
export type Opine = (prompt: string) => Opinion;

export interface ScriptedGuardOptions {
  readonly info?: Partial<GuardInfo>;
  readonly format?: GuardFormat;
  readonly limits?: Partial<GuardLimits>;
  readonly maxRows?: number;
  readonly contextLength?: number;
  readonly pause?: () => Promise<void>;
}

export interface ScriptedGuard {
  readonly guard: LocalGuard;
  /** Every prompt that was judged, as text. */
  readonly prompts: readonly string[];
  /** Token rows of each pass. */
  readonly passes: readonly number[];
  readonly cachesAlive: number;
}

/** What it says has this logit for each character, what it does not say has it below zero. */
export const CERTAIN = 10;

const END = '<|eot_id|>';

export function opinionGuard(
  tokenizer: Tokenizer,
  opine: Opine,
  options: ScriptedGuardOptions = {},
): ScriptedGuard {
  const { format = GUARD_FORMATS['guard3-1b'], maxRows = 48, contextLength = 4096 } = options;
  const { vocabulary } = guardWords(tokenizer, format);
  const tokensOf = new Map<KvCache, number[]>();
  const prompts = new Set<string>();
  const passes: number[] = [];
  const device: Device = createRefDevice();
  const buf = device.alloc(vocabulary.length);

  const spell = (id: number) => tokenizer.specialName(id) ?? tokenizer.decode([id]);
  function spellAll(tokens: readonly number[]): string {
    const at = tokens.findIndex((id) => tokenizer.isSpecial(id));
    if (at < 0) return tokenizer.decode(tokens);
    return tokenizer.decode(tokens.slice(0, at)) + spell(tokens[at]!) + spellAll(tokens.slice(at + 1));
  }
  function logitsAfter(tokens: readonly number[]): Float32Array {
    const header = tokens.lastIndexOf(tokenizer.specialId('<|end_header_id|>')!) + 1;
    const prompt = spellAll(tokens.slice(0, header));
    const said = tokenizer.decode(tokens.slice(header));
    prompts.add(prompt);
    const { answer, logits = {} } = opine(prompt);
    const whole = `\n\n${answer}${END}`;
    const next = whole.startsWith(said) ? whole.slice(said.length) : END;
    const row = Float32Array.from(vocabulary, (id) =>
      next.startsWith(spell(id)) ? CERTAIN * spell(id).length : -CERTAIN,
    );
    for (const [text, logit] of Object.entries(logits)) {
      const at = [...vocabulary].findIndex((id) => spell(id) === text);
      if (at < 0) throw new Error(`Guard has no token ${JSON.stringify(text)}`);
      row[at] = logit;
    }
    return row;
  }

  const llama: Llama = {
    vocabSize: vocabulary.length,
    dim: 1,
    states: buf,
    contextLength,
    maxRows,
    maxLogitRows: 1,
    newCache(capacity): SequenceCache {
      const kv: KvCache = { layers: 1, kvHeads: 1, headDim: 1, capacity, type: 'f16', bytes: capacity };
      tokensOf.set(kv, []);
      return { kv, length: 0 };
    },
    copyCache(to, from, length) {
      tokensOf.get(to.kv)!.splice(0, Infinity, ...tokensOf.get(from.kv)!.slice(0, length));
      to.length = length;
    },
    freeCache({ kv }) {
      if (!tokensOf.delete(kv)) throw new Error('a cache freed twice');
    },
    forward([span]) {
      const { cache, ids, logits } = span!;
      const tokens = tokensOf.get(cache.kv)!;
      if (ids.length === 0 || ids.length > maxRows) throw new RangeError(`${ids.length} rows of ${maxRows}`);
      tokens.length = cache.length;
      tokens.push(...ids);
      cache.length = tokens.length;
      if (cache.length > cache.kv.capacity) throw new RangeError('past the capacity of a cache');
      if (cache.length > contextLength) throw new RangeError('past the context');
      passes.push(ids.length);
      if (logits === 'last') device.write(buf, logitsAfter(tokens));
      return buf;
    },
  };

  const guard = createLocalGuard({
    info: {
      id: 'tests/guard',
      created: 0,
      ownedBy: 'tests',
      contextLength,
      licence: 'none',
      categories: format.categories,
      ...options.info,
    },
    format,
    llama,
    device,
    tokenizer,
    breathe: () => Promise.resolve(),
    pause: options.pause ?? (() => new Promise((resolve) => setImmediate(resolve))),
    limits: {
      windowTokens: 1024,
      windows: 64,
      running: 2,
      waiting: 4,
      prefixCacheBytes: 4096,
      ...options.limits,
    },
  });
  return {
    guard,
    passes,
    get prompts() {
      return [...prompts];
    },
    get cachesAlive() {
      return tokensOf.size;
    },
  };
}
