import { createBpeTokenizer } from '../../models/tokenizer/bpe-tokenizer.ts';
import { llama3Vocabulary } from './llama3-vocabulary.ts';
import { type Opine, opinionGuard, type ScriptedGuard, type ScriptedGuardOptions } from './opinion-guard.ts';

export type { Opine } from './opinion-guard.ts';

export const guardTokenizer = createBpeTokenizer(llama3Vocabulary());

/** A Guard with Llama 3's own vocabulary. */
export const scriptedGuard = (opine: Opine, options: ScriptedGuardOptions = {}): ScriptedGuard =>
  opinionGuard(guardTokenizer, opine, options);
