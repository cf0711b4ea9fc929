import * as z from 'zod';
import type { GuardPolicy } from '../engine/guard/guard.ts';
import { REFUSAL } from './safety.ts';

/** What an operator may set of the guard, at every door. */
export const safetyFields = {
  CRIA_GUARD: z.string().default(''), // a catalogue entry; none
  CRIA_GUARD_JUDGE: z.enum(['off', 'input', 'output', 'both']).default('off'),
  CRIA_GUARD_REFUSAL: z.string().min(1).default(REFUSAL),
  CRIA_GUARD_THRESHOLD: z.coerce.number().gt(0).max(1).default(0.5),
  CRIA_GUARD_EXCLUDE: z
    .string()
    .regex(/^(S\d{1,2}(,S\d{1,2})*)?$/, 'must be codes with commas between, such as S6,S8')
    .default(''),
  CRIA_GUARD_UNKNOWN: z.enum(['unsafe', 'safe']).default('unsafe'),
};

export type SafetySettings = z.infer<z.ZodObject<typeof safetyFields>>;

export function toPolicy(settings: SafetySettings): GuardPolicy {
  return {
    threshold: settings.CRIA_GUARD_THRESHOLD,
    excluded: settings.CRIA_GUARD_EXCLUDE.split(',').filter((code) => code !== ''),
    onUnknown: settings.CRIA_GUARD_UNKNOWN,
  };
}

/** What nobody judges must not be taken for judged. */
export const judgeHasGuard = (settings: SafetySettings): boolean =>
  settings.CRIA_GUARD_JUDGE === 'off' || settings.CRIA_GUARD !== '';

/** What to say where it has none. */
export const judgeNeedsGuard = { path: ['CRIA_GUARD_JUDGE'], error: 'nothing could judge: set CRIA_GUARD' };
