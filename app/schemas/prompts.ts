import * as z from 'zod';
import type { Prompt } from '../../engine/engine.ts';

export const TokenIds = z.array(z.int().min(0)).min(1);

/** The four ways to write prompts: a text, a list of texts, ids, a list of those. */
export type Prompts = string | number[] | string[] | number[][];

/** Prompts, however written, as a list. */
export function toPrompts(prompts: Prompts): Prompt[] {
  if (typeof prompts === 'string') return [{ type: 'text', text: prompts }];
  if (isIds(prompts)) return [{ type: 'tokens', ids: prompts }];
  return prompts.map((one) =>
    typeof one === 'string' ? { type: 'text', text: one } : { type: 'tokens', ids: one },
  );
}

const isIds = (prompts: number[] | string[] | number[][]): prompts is number[] =>
  typeof prompts[0] === 'number';
