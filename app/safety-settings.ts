import * as z from 'zod';
import type { GuardPolicy } from '../engine/guard/guard.ts';
import { GuardRules } from './access/access-key.ts';
import type { RouteGuard } from './access/guard-policy.ts';
import { REFUSAL, type Safety } from './safety.ts';
import { jsonText } from './settings.ts';

const JUDGED = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/tasks/summarize',
  '/v1/tasks/rewrite',
  '/v1/tasks/assistant',
] as const;
const RouteGuards = z.partialRecord(
  z.enum(JUDGED, `write one of ${JUDGED.join(', ')}`),
  GuardRules.extend({ enforced: z.boolean().optional() }),
);

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
  CRIA_GUARD_ENFORCED: z.enum(['on', 'off']).default('off'), // whether keys may only add to all this
  CRIA_GUARD_ROUTES: jsonText(RouteGuards, '{}'), // what is otherwise on some routes
};

export type SafetySettings = z.infer<z.ZodObject<typeof safetyFields>>;

function toPolicy(settings: SafetySettings): GuardPolicy {
  return {
    threshold: settings.CRIA_GUARD_THRESHOLD,
    excluded: settings.CRIA_GUARD_EXCLUDE.split(',').filter((code) => code !== ''),
    onUnknown: settings.CRIA_GUARD_UNKNOWN,
  };
}

/** All that a door needs besides the guard itself. */
export const toSafety = (settings: SafetySettings): Omit<Safety, 'guard'> => ({
  policy: toPolicy(settings),
  path: settings.CRIA_GUARD_JUDGE,
  refusal: settings.CRIA_GUARD_REFUSAL,
  enforced: settings.CRIA_GUARD_ENFORCED === 'on',
  routes: settings.CRIA_GUARD_ROUTES as Readonly<Record<string, RouteGuard>>,
});

/** What nobody judges must not be taken for judged. */
export const judgeHasGuard = (settings: SafetySettings): boolean =>
  settings.CRIA_GUARD !== '' ||
  (settings.CRIA_GUARD_JUDGE === 'off' && Object.keys(settings.CRIA_GUARD_ROUTES).length === 0);

/** What to say where it has none. */
export const judgeNeedsGuard = { path: ['CRIA_GUARD_JUDGE'], error: 'nothing could judge: set CRIA_GUARD' };
