import { createRunningMean, type RunningMean } from './running-mean.ts';

/** What a pass for one speaking sequence costs on this machine, by its token rows. */
export interface StepCost {
  /** One row was measured not long ago, by a clock that moves. */
  readonly isKnown: boolean;
  /** Milliseconds for one row. */
  readonly singleMs: number;
  /** What `rows` rows cost, in passes of one row: as measured, or a hopeful guess so that it comes to be measured. */
  ratio(rows: number): number;
  /** The same, but what was not measured costs as much as its rows one by one. */
  worstRatio(rows: number): number;
  /** Takes in a measure. Returns it in passes of one row. */
  observe(rows: number, ms: number): number;
}

const MORE_ROW = 0.5; // guess at what a further row costs, of a pass: on a CPU arithmetic is half of it, on a GPU less
const KEEP = 0.8; // of older samples, at each new one: a machine's speed changes with its other work
const LATELY = 16; // passes
const FORGOTTEN = 2000; // passes of one row: what was slow in a bad hour gets another try

export function createStepCost(): StepCost {
  const single = createRunningMean(0, 0, KEEP);
  const ratios = new Map<number, RunningMean>();
  let sinceSingle = Infinity;
  let sinceSeveral = 0;

  /** As little as any pass of several rows was seen to ask for each row more than one. */
  function perRow(): number {
    let least = MORE_ROW;
    for (const [rows, { value }] of ratios) least = Math.min(least, Math.max(0, value - 1) / (rows - 1));
    return least;
  }

  return {
    get isKnown() {
      return sinceSingle < LATELY && single.value > 0;
    },
    get singleMs() {
      return single.value;
    },
    ratio: (rows) => ratios.get(rows)?.value ?? 1 + (rows - 1) * perRow(),
    worstRatio: (rows) => ratios.get(rows)?.value ?? rows,

    observe(rows, ms) {
      if (rows === 1) {
        single.add(ms);
        sinceSingle = 0;
        if (++sinceSeveral === FORGOTTEN) ratios.clear();
        return 1;
      }
      sinceSingle++;
      sinceSeveral = 0;
      const passes = Math.min(rows, ms / single.value); // more than one by one is something else's doing
      const ratio = ratios.get(rows) ?? createRunningMean(0, 0, KEEP);
      ratio.add(passes);
      ratios.set(rows, ratio);
      return passes;
    },
  };
}
