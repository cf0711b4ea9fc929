import { createPromptLookup, type PromptLookup } from './prompt-lookup.ts';
import { createRunningMean } from './running-mean.ts';
import type { StepCost } from './step-cost.ts';

/**
 * Drafts one sequence's next tokens when a pass that checks them is likely to pay.
 *
 * It guesses at every token, drafted or not, so that what its guesses are worth is known before any is paid for. What
 * drafts have cost beyond what they saved stays within a small part of the time the reply has taken.
 */
export interface Drafter {
  /** Notes a sampled token. */
  push(id: number): void;
  /** As many tokens as it is best to put through the model behind the last one, at most `room`; often none. */
  draft(room: number): Uint32Array;
  /** Notes the milliseconds of a pass the sequence had a part in. */
  spend(ms: number): void;
  /** Notes a pass that was this sequence's alone: what it took, and how many tokens it said. */
  judge(rows: number, ms: number, tokens: number): void;
}

export interface DrafterOptions {
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly cost: StepCost;
}

/** Rows of one pass: one token and its draft. Each costs a row of logits, 0.5 MB at 128,256 ids. */
export const MAX_DRAFT_ROWS = 8;

const NONE = new Uint32Array(0);
const ALLOWED = 0.02; // of the reply's time: what drafts may lose
const CHANCE = { guess: 0.5, weight: 2, keep: 0.95 } as const; // a guess below what pays: drafts begin after hits

export function createDrafter({ prompt, maxTokens, cost }: DrafterOptions): Drafter {
  const chance = createRunningMean(CHANCE.guess, CHANCE.weight, CHANCE.keep);
  let lookup: PromptLookup | undefined; // made when the first token comes: a sequence that waits needs none
  let left = maxTokens;
  let allowedMs = 0;

  function begin(): PromptLookup {
    const begun = createPromptLookup(prompt.length + maxTokens);
    for (const id of prompt) begun.push(id);
    return begun;
  }

  /** The length that gives most tokens for its time, when each is right with the chance seen so far. */
  function bestLength(most: number): number {
    let length = 0;
    let best = 1; // tokens in the time of a pass of one row
    let likely = 1;
    let tokens = 1;
    for (let drafted = 1; drafted <= most; drafted++) {
      likely *= chance.value;
      tokens += likely;
      const speed = tokens / cost.ratio(1 + drafted);
      if (speed <= best || (cost.worstRatio(1 + drafted) - 1) * cost.singleMs > allowedMs) continue;
      length = drafted;
      best = speed;
    }
    return length;
  }

  return {
    push(id) {
      lookup ??= begin();
      left--;
      const foretold = lookup.push(id);
      if (foretold !== undefined) chance.add(Number(foretold));
    },

    draft(room) {
      if (!lookup || !cost.isKnown) return NONE;
      const most = Math.min(room, MAX_DRAFT_ROWS - 1, left - 1); // the pass says one token more than it drafts
      return lookup.foretell(bestLength(most));
    },

    spend(ms) {
      allowedMs += ALLOWED * ms;
    },

    judge(rows, ms, tokens) {
      const passes = cost.observe(rows, ms);
      if (rows > 1) allowedMs -= (passes - tokens) * cost.singleMs;
    },
  };
}
