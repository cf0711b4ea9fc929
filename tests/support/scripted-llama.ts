// A Llama without arithmetic: the logits after some tokens are a function of those tokens, so a test knows what the
// model will say. It checks what a real one would be hurt by: spent caches, rows past a limit, logits read too late.
import { DeviceError } from '../../kernels/errors.ts';
import type { Buf, Device, KvCache } from '../../kernels/kernels.ts';
import { createRefDevice } from '../../kernels/ref/device.ts';
import type { Llama, SequenceCache, Span } from '../../models/llama/model.ts';
import type { TokenDecoder, Tokenizer } from '../../models/tokenizer/tokenizer.ts';

export const BOS = 256;
export const EOS = 257;
const CONTROLS: Readonly<Record<string, number>> = { '<|bos|>': BOS, '<|eos|>': EOS, '<|user|>': 258 };
export const VOCAB = 259;

/** The logits after `tokens`. */
export type Script = (tokens: readonly number[]) => Float32Array;

/** After a prompt that ends in '>', says `text` and then ends its turn. */
export const recite =
  (text: string): Script =>
  (tokens) => {
    const bytes = new TextEncoder().encode(text);
    const said = tokens.length - 1 - tokens.lastIndexOf('>'.charCodeAt(0));
    const logits = new Float32Array(VOCAB).fill(-10);
    logits[bytes[said] ?? EOS] = 10;
    return logits;
  };

/** Small letters at random, each a function of every token before it; never ends by itself. */
export const babble: Script = (tokens) => {
  let hash = 2166136261;
  for (const id of tokens) hash = Math.imul(hash ^ id, 16777619);
  const logits = new Float32Array(VOCAB).fill(-Infinity);
  for (let letter = 97; letter < 123; letter++) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    logits[letter] = (hash >>> 8) / 2 ** 22;
  }
  return logits;
};

/** As `babble` with so few letters that three of them soon stand together again, and now and then go on alike. */
export const mutter: Script = (tokens) => babble(tokens).fill(-Infinity, 97 + 3);

export const DIM = 6;

/** The hidden state after `tokens`, a function of every one of them. */
export function scriptedState(tokens: readonly number[]): Float32Array {
  return babble(tokens).slice(97, 97 + DIM);
}

export interface ScriptedSpan {
  readonly cache: number; // caches are numbered as they are made
  readonly from: number; // position
  readonly count: number;
  readonly logits: Span['logits'];
}

export interface ScriptedLlama extends Llama {
  readonly device: Device;
  readonly batches: readonly (readonly ScriptedSpan[])[];
  readonly cachesAlive: number;
  /** Thrown by the next forward, once. */
  failNext: Error | undefined;
  /** What a read of logits waits for. */
  beforeRead: () => Promise<void>;
}

export interface ScriptedOptions {
  readonly script: Script;
  readonly contextLength?: number;
  readonly maxRows?: number;
  readonly maxLogitRows?: number;
  /** Positions the device has room for, over all caches. */
  readonly room?: number;
  /** Told of each pass before it. */
  readonly onPass?: (rows: number) => void;
}

export function scriptedLlama(options: ScriptedOptions): ScriptedLlama {
  const { script, contextLength = 4096, maxRows = 64, maxLogitRows = 8, room = Infinity, onPass } = options;
  const tokensOf = new Map<KvCache, { readonly number: number; readonly tokens: number[] }>();
  const batches: ScriptedSpan[][] = [];
  let made = 0;
  let used = 0;
  let current: Buf | undefined;
  const rows = createRefDevice();
  let states = rows.alloc(1);

  const check = (given: Buf): void => {
    if (given !== current && given !== states) throw new Error('logits read after the next forward');
  };
  const late =
    <A extends unknown[], R>(read: (logits: Buf, ...args: A) => Promise<R>) =>
    async (logits: Buf, ...args: A): Promise<R> => {
      await llama.beforeRead();
      check(logits);
      return read.call(rows, logits, ...args);
    };
  const reading: Partial<Device> = {
    name: 'scripted',
    get bytesInUse() {
      return used;
    },
    read: late(rows.read),
    topK: late(rows.topK),
    expSums: late(rows.expSums),
    gather: late(rows.gather),
    scatter(logits, ...args) {
      check(logits);
      rows.scatter(logits, ...args);
    },
  };

  const llama: ScriptedLlama = {
    device: reading as Device,
    vocabSize: VOCAB,
    dim: DIM,
    get states() {
      return states;
    },
    contextLength,
    maxRows,
    maxLogitRows,
    batches,
    failNext: undefined,
    beforeRead: () => Promise.resolve(),
    get cachesAlive() {
      return tokensOf.size;
    },

    newCache(capacity): SequenceCache {
      if (used + capacity > room) throw new DeviceError(`${capacity} positions, ${room - used} are free`);
      used += capacity;
      const kv: KvCache = { layers: 1, kvHeads: 1, headDim: 1, capacity, type: 'f16', bytes: capacity };
      tokensOf.set(kv, { number: made++, tokens: [] });
      return { kv, length: 0 };
    },
    copyCache(to, from, length) {
      const [target, source] = [tokensOf.get(to.kv), tokensOf.get(from.kv)];
      if (!target || !source) throw new Error('a freed cache in a copy');
      if (length > Math.min(from.length, to.kv.capacity)) throw new RangeError('past the end of a cache');
      target.tokens.splice(0, Infinity, ...source.tokens.slice(0, length));
      to.length = length;
    },
    freeCache({ kv }) {
      if (!tokensOf.delete(kv)) throw new Error('a cache freed twice');
      used -= kv.capacity;
    },

    forward(spans) {
      current = undefined;
      if (llama.failNext) {
        const error = llama.failNext;
        llama.failNext = undefined;
        throw error;
      }
      const said: Float32Array[] = [];
      const given: Float32Array[] = [];
      const batch: ScriptedSpan[] = [];
      let m = 0;
      for (const { cache, ids, logits, states } of spans) {
        const held = tokensOf.get(cache.kv);
        if (!held) throw new Error('a freed cache in a forward');
        if (ids.length === 0) throw new RangeError('a span has no tokens');
        batch.push({ cache: held.number, from: cache.length, count: ids.length, logits });
        held.tokens.length = cache.length; // a cache may be cut short
        cache.length += ids.length;
        m += ids.length;
        if (cache.length > cache.kv.capacity) throw new RangeError('past the capacity of a cache');
        for (const [i, id] of ids.entries()) {
          held.tokens.push(id);
          if (states) given.push(scriptedState(held.tokens));
          if (logits === 'all' || (logits === 'last' && i === ids.length - 1)) said.push(script(held.tokens));
        }
      }
      if (m === 0 || m > maxRows) throw new RangeError(`${m} rows of ${maxRows}`);
      if (said.length > maxLogitRows) throw new RangeError(`${said.length} logit rows of ${maxLogitRows}`);
      batches.push(batch);
      current = rows.alloc(said.length * VOCAB);
      rows.write(current, Float32Array.from(said.flatMap((row) => [...row])));
      states = rows.alloc(given.length * DIM);
      rows.write(states, Float32Array.from(given.flatMap((row) => [...row])));
      onPass?.(m);
      return current;
    },
  };
  return llama;
}

/** One token for each byte of UTF-8, and three control tokens. */
export function scriptedTokenizer({ addBos = true, bosId = BOS as number | undefined } = {}): Tokenizer {
  const encode = (text: string) => Uint32Array.from(new TextEncoder().encode(text));

  function decoder(): TokenDecoder {
    const utf8 = new TextDecoder();
    return {
      push: (id) => utf8.decode(id < 256 ? new Uint8Array([id]) : new Uint8Array(), { stream: true }),
      end: () => utf8.decode(),
    };
  }

  return {
    vocabSize: VOCAB,
    bosId,
    eosId: EOS,
    addBos,
    stopIds: new Set([EOS]),
    encode,
    encodeSegments: (segments) =>
      Uint32Array.from(
        segments.flatMap((segment) => {
          if ('text' in segment) return [...encode(segment.text)];
          const id = CONTROLS[segment.control];
          if (id === undefined) throw new RangeError(`no token ${segment.control}`);
          return [id];
        }),
      ),
    specialId: (token) => CONTROLS[token],
    isSpecial: (id) => id >= 256,
    specialName: (id) => Object.entries(CONTROLS).find(([, special]) => special === id)?.[0],
    bytes: (id) => (id < 256 ? new Uint8Array([id]) : new Uint8Array()),
    decode: (ids) => new TextDecoder().decode(Uint8Array.from([...ids].filter((id) => id < 256))),
    decoder,
  };
}
