/** Reads tests/golden/agreement: what Cria and a peer are both asked. */
import { readFileSync } from 'node:fs';
import type { Segment } from '../../models/tokenizer/segment.ts';

const FOLDER = new URL('../golden/agreement/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, FOLDER), 'utf8');

/** Prompts with and without SmolLM2's turn markers. */
export const AGREEMENT_PROMPTS: readonly (readonly Segment[])[] = JSON.parse(read('prompts.json'));

/** English prose, 680 tokens for SmolLM2. */
export const AGREEMENT_TEXT = read('text.txt');
