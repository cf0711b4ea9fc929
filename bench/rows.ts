/** What is measured, and what it is held against: the table of the whole bench. */
import type { ModelName } from './model-files.ts';
import { CONTEXT, type PeerSpec } from './peer.ts';
import type { Asked } from './peers/take-commands.ts';

export interface Side {
  readonly peer: PeerSpec;
  readonly question: Asked;
}

/** A fixed number in the row's unit. */
export interface Bar {
  readonly bar: number;
}

export interface Row {
  readonly name: string;
  readonly unit: 'tokens/s' | 'requests/s' | '%' | 'ms' | 'µs' | 'MB' | 'hash';
  readonly ours: Side;
  readonly against: Side | Bar;
  readonly againstName: string;
}

/** Rows measured together: their peers are loaded at once and asked in turn. */
export type Batch = readonly Row[];

/** One with a model. */
type ModelPeer = PeerSpec & { readonly model: ModelName };

const node = (model: ModelName): ModelPeer => ({ script: 'cria-node.ts', model });
const workerd = (model: ModelName): ModelPeer => ({ script: 'cria-workerd.ts', model });
const requests = (model: ModelName): PeerSpec => ({ script: 'cria-requests.ts', model });

/** Tokens that a timed decode makes: about a second and a half of the 1B. */
const DECODE: Asked = { cmd: 'decode', tokens: 32 };
const prefill = (tokens: number): Asked => ({ cmd: 'prefill', tokens });

/** The same question to ours and to llama.cpp, on as many threads. */
const besideLlamaCpp = (task: string, where: string, peer: ModelPeer, question: Asked): Row => {
  const { model, threads = 1, context = CONTEXT } = peer;
  return {
    name: `${task}/${model}/${where}`,
    unit: 'tokens/s',
    ours: { peer, question },
    against: { peer: { script: 'llama-cpp.ts', model, threads, context }, question },
    againstName: `llama.cpp, ${threads} thread${threads === 1 ? '' : 's'}`,
  };
};

const inNode = (task: string, model: ModelName, question: Asked) =>
  besideLlamaCpp(task, 'node', node(model), question);
const inWorkerd = (task: string, model: ModelName, question: Asked) =>
  besideLlamaCpp(task, 'workerd', workerd(model), question);
const onTwoThreads = (task: string, model: ModelName, question: Asked) =>
  besideLlamaCpp(task, 'node-2-threads', { ...node(model), threads: 2 }, question);

const ONE_B = 'llama-3.2-1b/q4_0';
const SMOLLM2 = 'smollm2-135m/q4_1';

/** Both caches are filled, not read: peers/fill-cache.ts, peers/llama-cpp-state.ts. */
const decodeAt = (at: number) =>
  besideLlamaCpp(
    `decode-at-${at}`,
    'node',
    { ...node(ONE_B), context: at + 256 },
    { cmd: 'decode', tokens: 8, at },
  );

/**
 * The same engine with and without V8's flag for 256-bit vectors. Its results must be the same: a ratio of 1 exactly.
 * In Node only: the V8 of workerd is built without it.
 */
function revectorized(task: string, unit: Row['unit'], question: Asked): Row {
  const peer = node(ONE_B);
  return {
    name: `${task}/${ONE_B}/node-revectorize`,
    unit,
    ours: { peer: { ...peer, v8Flags: ['--experimental-wasm-revectorize'] }, question },
    against: { peer, question },
    againstName: 'node without the flag',
  };
}

/** Both engines in one page. wllama is so slow that it makes `tokens` where we make 32, and both read a short `prompt`. */
function besideWllama(model: ModelName, { prompt, tokens }: { prompt: number; tokens: number }): Row[] {
  const peer: PeerSpec = { script: 'chromium.ts', model };
  const row = (task: string, ours: Asked, against: Asked): Row => ({
    name: `${task}/${model}/chromium`,
    unit: 'tokens/s',
    ours: { peer, question: ours },
    against: { peer, question: against },
    againstName: 'wllama 3.8.1 in the same page, 1 thread',
  });
  return [
    row('decode', DECODE, { cmd: 'wllama-decode', tokens }),
    row(`prefill-${prompt}`, prefill(prompt), { cmd: 'wllama-prefill', tokens: prompt }),
  ];
}

/** A Worker's first token after it has started anew. */
const coldStart = (where: string, cmd: string): Row => {
  const peer = { script: 'cria-cold-start.ts', model: ONE_B } as const;
  return {
    name: `cold-start/${ONE_B}/${where}`,
    unit: 'ms',
    ours: { peer, question: { cmd, tokens: 16 } },
    against: { peer, question: { cmd: 'allowance' } },
    againstName: 'the weights at 1 GB/s, and 1.5 s',
  };
};

const overWeights = (model: ModelName, where: string, peer: PeerSpec): Row => ({
  name: `memory/${model}/${where}`,
  unit: 'MB',
  ours: { peer, question: { cmd: 'memory', tokens: 64 } },
  against: { bar: 120 },
  againstName: '120 MB',
});

/** What requests have of each other: a past that is read once, and a prompt's share of everyone's steps. */
const BETWEEN_REQUESTS: Batch = [
  {
    name: `next-turn-128/${ONE_B}/node`,
    unit: 'ms',
    ours: { peer: requests(ONE_B), question: { cmd: 'next-turn', tokens: 128 } },
    against: { peer: requests(ONE_B), question: { cmd: 'first-turn', tokens: 128 } },
    againstName: 'without a past',
  },
  {
    name: `delay/${ONE_B}/node`,
    unit: 'ms',
    ours: { peer: requests(ONE_B), question: { cmd: 'delay', tokens: 48 } },
    against: { bar: 100 },
    againstName: '100 ms',
  },
];

/** Our routes without a model: what a request costs before and after it, beside a Hono route that reads and writes JSON. */
function besideBareRoute(where: 'node' | 'workerd'): Row[] {
  const peer: PeerSpec = { script: `router-${where}.ts` };
  const row = (task: string, unit: Row['unit'], cmd: string): Row => ({
    name: `${task}/no-model/${where}`,
    unit,
    ours: { peer, question: { cmd: `${cmd}-cria` } },
    against: { peer, question: { cmd: `${cmd}-bare` } },
    againstName: 'a bare Hono route in the same process',
  });
  return [row('router-overhead', 'µs', 'overhead'), row('64-clients', 'requests/s', 'requests')];
}

export const BATCHES: readonly Batch[] = [
  [
    inNode('decode', ONE_B, DECODE),
    inWorkerd('decode', ONE_B, DECODE),
    inNode('prefill-128', ONE_B, prefill(128)),
    inWorkerd('prefill-128', ONE_B, prefill(128)),
    inNode('prefill-512', ONE_B, prefill(512)),
    inWorkerd('prefill-512', ONE_B, prefill(512)),
    {
      name: `streams-8/${ONE_B}/node`,
      unit: 'tokens/s',
      ours: { peer: node(ONE_B), question: { ...DECODE, tokens: 8, streams: 8 } },
      against: { peer: node(ONE_B), question: DECODE },
      againstName: 'one stream',
    },
    {
      name: `bandwidth-share/${ONE_B}/node`,
      unit: '%',
      ours: { peer: node(ONE_B), question: DECODE },
      against: { peer: { script: 'read-bandwidth.ts', model: ONE_B }, question: DECODE },
      againstName: "reading the weights at one thread's bandwidth, in tokens/s",
    },
    revectorized('decode', 'tokens/s', DECODE),
    revectorized('prefill-128', 'tokens/s', prefill(128)),
    revectorized('logits', 'hash', { cmd: 'digest', tokens: 8 }),
  ],
  [
    {
      name: `not-matmul-share/${ONE_B}/node`,
      unit: '%',
      ours: {
        peer: { script: 'cria-profile.ts', model: ONE_B },
        question: { cmd: 'not-matmul', tokens: 16, at: 128 },
      },
      against: { bar: 8 },
      againstName: "8 % of a token's time, at 128 positions",
    },
  ],
  [
    {
      name: `grammar/${ONE_B}/node`,
      unit: '%',
      ours: { peer: { script: 'cria-grammar.ts', model: ONE_B }, question: { cmd: 'grammar-share' } },
      against: { bar: 5 },
      againstName: "5 % of a reply's time",
    },
  ],
  [onTwoThreads('decode', ONE_B, DECODE), onTwoThreads('prefill-128', ONE_B, prefill(128))],
  [decodeAt(1024), decodeAt(8192)],
  [decodeAt(32_768)],
  BETWEEN_REQUESTS,
  besideBareRoute('node'),
  besideBareRoute('workerd'),
  [
    overWeights(ONE_B, 'node', { script: 'cria-server.ts', model: ONE_B }),
    overWeights(ONE_B, 'workerd', workerd(ONE_B)),
  ],
  [coldStart('workerd', 'first-token'), coldStart('workerd-r2', 'first-token-r2')],
  besideWllama(ONE_B, { prompt: 4, tokens: 2 }),
  besideWllama('llama-3.2-1b/q4_k', { prompt: 16, tokens: 6 }),
  [inNode('decode', 'llama-3.2-1b/q4_k', DECODE)],
  [inNode('decode', 'llama-3.2-1b/q8_0', DECODE)],
  [
    inNode('decode', SMOLLM2, { cmd: 'decode', tokens: 64 }),
    inWorkerd('decode', SMOLLM2, { cmd: 'decode', tokens: 64 }),
    inNode('prefill-128', SMOLLM2, prefill(128)),
    inWorkerd('prefill-128', SMOLLM2, prefill(128)),
  ],
];

/** Rows whose name `pattern` is part of; with a `*`, rows whose name matches. Batches that lose all their rows go. */
export function selectRows(batches: readonly Batch[], pattern: string): Batch[] {
  const glob = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  const wanted = ({ name }: Row) => name.includes(pattern) || glob.test(name);
  return batches.map((batch) => batch.filter(wanted)).filter((batch) => batch.length > 0);
}
