/**
 * Llama's forward pass: RMSNorm, grouped-query attention with rotary positions, SwiGLU.
 *
 * Source   Touvron et al. 2023, arXiv:2302.13971; Llama Team 2024, arXiv:2407.21783
 */
import type { Buf, Device, KvType } from '../../kernels/kernels.ts';
import type { LlamaConfig } from './config.ts';
import type { Llama, SequenceCache, Span } from './model.ts';
import { ropeRow } from './rope.ts';
import type { LlamaWeights } from './weights.ts';

export interface LlamaOptions {
  readonly kvType: KvType;
  /** Most token rows in one pass: sets the scratch memory, 4 · maxRows · (2 ffn + 4 dim) bytes and a bit. */
  readonly maxRows: number;
  readonly maxLogitRows: number;
  /** Positions a sequence may have; at most what the model was trained for. */
  readonly contextLength: number;
}

/** Binds weights to the scratch memory a pass needs. */
export function createLlama(
  device: Device,
  config: LlamaConfig,
  weights: LlamaWeights,
  options: LlamaOptions,
): Llama {
  const { layers, dim, heads, kvHeads, headDim, ffnDim, normEps } = config;
  const { maxRows, maxLogitRows, kvType, contextLength } = options;
  const vocabSize = weights.lmHead.rows;

  const x = device.alloc(maxRows * dim);
  const h = device.alloc(Math.max(maxRows, maxLogitRows) * dim);
  const q = device.alloc(maxRows * heads * headDim);
  const k = device.alloc(maxRows * kvHeads * headDim);
  const v = device.alloc(maxRows * kvHeads * headDim);
  const mixed = device.alloc(maxRows * heads * headDim);
  const gate = device.alloc(maxRows * ffnDim);
  const up = device.alloc(maxRows * ffnDim);
  const logits = device.alloc(maxLogitRows * vocabSize);
  const table = device.alloc(maxRows * headDim);
  const ids = new Uint32Array(maxRows);
  const angles = new Float32Array(maxRows * headDim);

  const blocks = weights.layers.map((layer) => ({
    ...layer,
    qkv: [layer.qProj, layer.kProj, layer.vProj],
    gateUp: [layer.gateProj, layer.upProj],
    o: [layer.oProj],
    down: [layer.downProj],
  }));
  const [qkvOut, gateUpOut, hOut, logitsOut, head] = [[q, k, v], [gate, up], [h], [logits], [weights.lmHead]];

  /** Checks that everything fits, before anything is changed. Returns rows: all, those of states, those of logits. */
  function measure(spans: readonly Span[]): { m: number; given: number; wanted: number } {
    let m = 0;
    let given = 0;
    let wanted = 0;
    for (const { cache, ids, logits, states } of spans) {
      if (ids.length === 0) throw new RangeError('a span has no tokens');
      if (cache.length + ids.length > cache.kv.capacity)
        throw new RangeError(
          `position ${cache.length + ids.length} is past the cache's ${cache.kv.capacity}`,
        );
      if (states && logits !== 'none') throw new RangeError('a span wants logits and states');
      m += ids.length;
      given += states ? ids.length : 0;
      wanted += logits === 'all' ? ids.length : logits === 'last' ? 1 : 0;
    }
    if (m === 0 || m > maxRows) throw new RangeError(`${m} token rows, one pass takes 1 to ${maxRows}`);
    if (wanted > maxLogitRows)
      throw new RangeError(`${wanted} rows of logits, one pass gives ${maxLogitRows}`);
    return { m, given, wanted };
  }

  function forward(spans: readonly Span[]): Buf {
    const { m, given, wanted } = measure(spans);
    let row = 0;
    for (const span of spans)
      for (let i = 0; i < span.ids.length; i++, row++) {
        ids[row] = span.ids[i]!;
        ropeRow(angles, row * headDim, weights.frequencies, span.cache.length + i);
      }
    device.write(table, angles.subarray(0, m * headDim));
    device.embed(x, weights.embedTokens, ids.subarray(0, m));

    for (let layer = 0; layer < layers; layer++) {
      const block = blocks[layer]!;
      device.rmsNorm(h, x, block.inputLayernorm, m, dim, normEps);
      device.matmul(qkvOut, block.qkv, h, m);
      device.rope(q, table, m, heads, headDim);
      device.rope(k, table, m, kvHeads, headDim);
      attend(spans, layer);
      device.matmul(hOut, block.o, mixed, m);
      device.add(x, h, m * dim);

      device.rmsNorm(h, x, block.postAttentionLayernorm, m, dim, normEps);
      device.matmul(gateUpOut, block.gateUp, h, m);
      device.siluMul(gate, up, m * ffnDim);
      device.matmul(hOut, block.down, gate, m);
      device.add(x, h, m * dim);
    }

    for (const { cache, ids } of spans) cache.length += ids.length;
    if (given + wanted > 0) {
      gatherRows(spans, given);
      device.rmsNorm(h, h, weights.norm, given + wanted, dim, normEps);
    }
    if (wanted > 0) device.matmul(logitsOut, head, h, wanted, given);
    return logits;
  }

  /** Each sequence against its own cache. */
  function attend(spans: readonly Span[], layer: number): void {
    let row = 0;
    for (const { cache, ids } of spans) {
      device.kvWrite(cache.kv, layer, k, v, cache.length, ids.length, row);
      device.attention(mixed, q, cache.kv, layer, cache.length, ids.length, row, heads);
      row += ids.length;
    }
  }

  /** Moves the rows whose states are wanted to the front of h, and behind those `given` the rows that get logits. */
  function gatherRows(spans: readonly Span[], given: number): void {
    let row = 0;
    let toState = 0;
    let toLogits = given;
    for (const { ids, logits, states } of spans) {
      const first = states || logits === 'all' ? 0 : logits === 'last' ? ids.length - 1 : ids.length;
      for (let i = first; i < ids.length; i++)
        device.copyRow(h, states ? toState++ : toLogits++, x, row + i, dim);
      row += ids.length;
    }
  }

  return {
    vocabSize,
    dim,
    states: h,
    contextLength: Math.min(contextLength, config.contextLength),
    maxRows,
    maxLogitRows,
    forward,
    newCache: (capacity): SequenceCache => ({
      kv: device.kvCache({ layers, kvHeads, headDim, capacity, type: kvType }),
      length: 0,
    }),
    copyCache(to, from, length) {
      if (length > from.length)
        throw new RangeError(`${length} positions of a cache that holds ${from.length}`);
      device.kvCopy(to.kv, from.kv, length);
      to.length = length;
    },
    freeCache: ({ kv }) => device.free(kv),
  };
}
