import { Peer, type PeerSpec } from './peer.ts';
import type { Batch, Row, Side } from './rows.ts';

/** A row with its numbers, each the median over the rounds. */
export interface Measured {
  readonly row: Row;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly against: number;
  /** Of value over against within a round: the machine's drift falls out. */
  readonly ratio: number;
}

/** Asked once before the rounds, so that code is compiled and memory touched. */
const WARM_TOKENS = 32;

/** Loads the peers of a batch, asks each its questions in rounds, and closes them. */
export async function measure(
  batch: Batch,
  rounds: number,
  note: (line: string) => void,
): Promise<Measured[]> {
  const asked = new Map(batch.flatMap(sidesOf).map((side) => [sideKey(side), side]));
  const peers = new Map<string, Peer>();
  try {
    for (const { peer: spec } of asked.values()) {
      if (peers.has(peerKey(spec))) continue;
      note(`loading ${spec.model ?? 'nothing'} in ${spec.script}`);
      peers.set(peerKey(spec), await Peer.start(spec));
    }
    const ask = ({ peer, question }: Side) => peers.get(peerKey(peer))!.ask(question);
    for (const { peer, question } of asked.values())
      await ask({ peer, question: { ...question, tokens: Math.min(question.tokens ?? 0, WARM_TOKENS) } });

    const answers: ((side: Side) => number)[] = [];
    for (let round = 0; round < rounds; round++) {
      note(`${batch[0]!.name} … round ${round + 1} of ${rounds}`);
      const answer = new Map<string, number>();
      // every other round backwards, so that nobody always comes first
      const order = round % 2 === 0 ? [...asked] : [...asked].reverse();
      for (const [key, side] of order) answer.set(key, await ask(side));
      answers.push((side) => answer.get(sideKey(side))!);
    }
    return batch.map((row) => summary(row, answers));
  } finally {
    for (const peer of peers.values()) await peer.close();
  }
}

const peerKey = (spec: PeerSpec) => JSON.stringify(spec);
const sideKey = (side: Side) => JSON.stringify(side);
const sidesOf = ({ ours, against }: Row): Side[] => ('bar' in against ? [ours] : [ours, against]);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Medians of what the rounds answered. A share of another peer's figure is the ratio, in percent. */
export function summary(row: Row, rounds: readonly ((side: Side) => number)[]): Measured {
  const { ours, against } = row;
  const values = rounds.map((answer) => answer(ours));
  const theirs = rounds.map((answer) => ('bar' in against ? against.bar : answer(against)));
  const ratios = values.map((value, i) => value / theirs[i]!);
  const isShare = row.unit === '%' && !('bar' in against);
  const shown = isShare ? ratios.map((ratio) => 100 * ratio) : values;
  return {
    row,
    value: median(shown),
    least: Math.min(...shown),
    most: Math.max(...shown),
    against: median(theirs),
    ratio: median(ratios),
  };
}
