import {
  type ControlledEvaluateIndexOutput,
  type ControlledEvaluateInputItem,
  getLlama,
  LlamaLogLevel,
  type Token,
} from 'node-llama-cpp';
import type { Prediction, Predictor, Score } from './predictor.ts';

export interface LlamaCppOptions {
  readonly contextSize: number;
  /** Keys and values; llama.cpp's own default is f16. */
  readonly cache: 'f16' | 'f32';
}

export interface LlamaCpp extends Predictor {
  /** Whole rows of logits (positions, vocabSize), from an empty cache. */
  logits(ids: Uint32Array, positions: readonly number[]): Promise<Float32Array>;
}

/** llama.cpp on one CPU thread, through node-llama-cpp's prebuilt binary. Nothing is downloaded or compiled. */
export async function openLlamaCpp(
  modelPath: string,
  { contextSize, cache }: LlamaCppOptions,
): Promise<LlamaCpp> {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({
    contextSize,
    batchSize: Math.min(512, contextSize),
    sequences: 1,
    threads: { ideal: 1, min: 1 },
    flashAttention: false,
    ...(cache === 'f32' && { experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' }),
  });
  const sequence = context.getSequence();
  const vocabSize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;

  /** Evaluates ids and returns what was asked for, in the order of the ids that asked. */
  async function evaluate(input: ControlledEvaluateInputItem[]) {
    const outputs = await sequence.controlledEvaluate(input);
    return outputs.filter((output) => output !== undefined).map(({ next }) => next);
  }

  return {
    name: 'llama.cpp',
    vocabSize,
    isStop: (id) => model.isEogToken(id as Token),
    tokenize: (segments) =>
      Uint32Array.from(
        segments.flatMap((segment) =>
          'control' in segment ? model.tokenize(segment.control, true) : model.tokenize(segment.text),
        ),
      ),
    detokenize: (ids) => model.detokenize(ids as Token[], true),

    async start(prompt) {
      await sequence.clearHistory();
      const input: ControlledEvaluateInputItem[] = [...tokens(prompt.subarray(0, -1))];
      const [next] = await evaluate([...input, asking(prompt.at(-1)!)]);
      return prediction(next!);
    },

    async next(id) {
      const [next] = await evaluate([asking(id)]);
      return prediction(next!);
    },

    async score(ids) {
      await sequence.clearHistory();
      const rows = await evaluate([...ids.subarray(0, -1)].map((id, i) => asking(id, ids[i + 1]!)));
      return rows.map((next, i) => score(next, ids[i + 1]!));
    },

    async logits(ids, positions) {
      await sequence.clearHistory();
      const wanted = new Set(positions);
      const rows = await evaluate(
        tokens(ids).map((token, i) => (wanted.has(i) ? [token, { generateNext: { logits: true } }] : token)),
      );
      const all = new Float32Array(positions.length * vocabSize);
      for (const [row, { logits }] of rows.entries())
        for (const [id, logit] of logits!) all[row * vocabSize + id] = logit;
      return all;
    },

    async close() {
      await context.dispose();
      await model.dispose();
      await llama.dispose();
    },
  };
}

type Next = ControlledEvaluateIndexOutput['next'];

const tokens = (ids: Uint32Array) => [...ids] as Token[];

/** A token after which we want the two largest logits, `target`'s, and the softmax's denominator. */
function asking(id: number, target?: number): ControlledEvaluateInputItem {
  const filter = { tokens: target === undefined ? [] : [target as Token], includeTop: 2 };
  return [id as Token, { generateNext: { logits: { filter }, totalLogitWeight: true } }];
}

function prediction({ logits }: Next): Prediction {
  const [[id, first], [, second]] = [...logits!].sort(([, a], [, b]) => b - a) as [
    [Token, number],
    [Token, number],
  ];
  return { id, gap: first - second };
}

function score(next: Next, target: number): Score {
  const max = Math.max(...next.logits!.values());
  const logProb = next.logits!.get(target as Token)! - max - Math.log(next.totalLogitWeight!);
  return { ...prediction(next), logProb };
}
