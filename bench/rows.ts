/** What is measured, and what it is held against: the table of the whole bench. */
import type { ModelName } from './model-files.ts';
import type { PeerSpec } from './peer.ts';
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
  readonly unit: 'tokens/s' | 'MB';
  readonly ours: Side;
  readonly against: Side | Bar;
  readonly againstName: string;
}

/** Rows measured together: their peers are loaded at once and asked in turn. */
export type Batch = readonly Row[];

const node = (model: ModelName): PeerSpec => ({ script: 'cria-node.ts', model });
const workerd = (model: ModelName): PeerSpec => ({ script: 'cria-workerd.ts', model });
const llamaCpp = (model: ModelName): PeerSpec => ({ script: 'llama-cpp.ts', model });

/** Tokens that a timed decode makes: about a second and a half of the 1B. */
const DECODE: Asked = { cmd: 'decode', tokens: 32 };
const prefill = (tokens: number): Asked => ({ cmd: 'prefill', tokens });

/** The same question to ours and to llama.cpp on one thread. */
const besideLlamaCpp = (
  task: string,
  model: ModelName,
  where: string,
  peer: PeerSpec,
  question: Asked,
): Row => ({
  name: `${task}/${model}/${where}`,
  unit: 'tokens/s',
  ours: { peer, question },
  against: { peer: llamaCpp(model), question },
  againstName: 'llama.cpp, 1 thread',
});

const inNode = (task: string, model: ModelName, question: Asked) =>
  besideLlamaCpp(task, model, 'node', node(model), question);
const inWorkerd = (task: string, model: ModelName, question: Asked) =>
  besideLlamaCpp(task, model, 'workerd', workerd(model), question);

const ONE_B = 'llama-3.2-1b/q4_0';
const SMOLLM2 = 'smollm2-135m/q4_1';

const overWeights = (model: ModelName, where: string, peer: PeerSpec): Row => ({
  name: `memory/${model}/${where}`,
  unit: 'MB',
  ours: { peer, question: { cmd: 'memory', tokens: 256 } },
  against: { bar: 120 },
  againstName: '120 MB',
});

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
  ],
  [overWeights(ONE_B, 'node', node(ONE_B)), overWeights(ONE_B, 'workerd', workerd(ONE_B))],
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
