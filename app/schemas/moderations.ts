import * as z from 'zod';
import type { JudgeRequest, Verdict } from '../../engine/guard/guard.ts';
import { moderationKeys, OPENAI_KEYS } from '../moderation-keys.ts';
import type { Safety } from '../safety.ts';
import { TextPart } from './messages.ts';

const MAX_INPUTS = 64;
const MAX_PARTS = 64;

/** POST /v1/moderations. Sources: OpenAI OpenAPI 2.3.0, CreateModerationRequest; Llama Stack 0.7.1, RunModerationRequest. */
export const ModerationRequest = z.strictObject({
  input: z
    .union([z.string(), z.array(z.string()).min(1).max(MAX_INPUTS), z.array(TextPart).min(1).max(MAX_PARTS)])
    .describe('A text; texts, each judged for itself; or the parts of one text.'),
  model: z.string().nullish().describe("The guard's id. It is the only one."),
});
export type ModerationRequest = z.infer<typeof ModerationRequest>;

/** Why a verdict is what it is. */
export const VerdictFacts = z.object({
  reason: z.enum(['safe', 'unsafe', 'excluded', 'unknown', 'empty']),
  codes: z.array(z.string()).describe('S1 and the like.'),
  score: z.number().describe('P(unsafe), 0 … 1.'),
  windows: z
    .int()
    .describe('Into how many the text was cut to be read; no more were read after a flagged one.'),
});

/** OpenAI's keys, which are always there, and the guard's own names. */
const byKey = <T extends z.ZodType>(value: T) =>
  z.object(Object.fromEntries(Object.keys(OPENAI_KEYS).map((key) => [key, value]))).catchall(value);

/** Sources: OpenAI OpenAPI 2.3.0, CreateModerationResponse; Llama Stack 0.7.1, ModerationObject. */
export const Moderation = z.object({
  id: z.string(),
  model: z.string(),
  results: z.array(
    z.object({
      flagged: z.boolean(),
      categories: byKey(z.boolean()).describe("By OpenAI's keys and by Llama Guard's names."),
      category_scores: byKey(z.number()).describe(
        'P(unsafe) times the chance that the guard names the category.',
      ),
      category_applied_input_types: byKey(z.array(z.literal('text'))),
      user_message: z.string().nullable(),
      metadata: VerdictFacts,
    }),
  ),
});
export type Moderation = z.infer<typeof Moderation>;

/** What is judged: one conversation for each result. Parts of one text are said in a row. */
export function toInputs(input: ModerationRequest['input']): JudgeRequest['messages'][] {
  if (typeof input === 'string') return [[user(input)]];
  const [first] = input;
  return typeof first === 'string'
    ? (input as string[]).map((text) => [user(text)])
    : [(input as z.infer<typeof TextPart>[]).map(({ text }) => user(text))];
}

const user = (content: string) => ({ role: 'user', content }) as const;

export function toFacts({ reason, categories, score, windows }: Verdict): z.infer<typeof VerdictFacts> {
  return { reason, codes: [...categories], score, windows };
}

export function toModerationResult(
  verdict: Verdict,
  { guard, refusal }: Safety,
): Moderation['results'][number] {
  const keys = [...moderationKeys(guard.info.categories)];
  const each = <T>(value: (codes: readonly string[]) => T) =>
    Object.fromEntries(keys.map(([key, codes]) => [key, value(codes)]));
  return {
    flagged: verdict.flagged,
    categories: each((codes) => codes.some((code) => verdict.categories.includes(code))),
    category_scores: each((codes) => Math.max(0, ...codes.map((code) => verdict.categoryScores[code] ?? 0))),
    category_applied_input_types: each((codes) => (codes.length > 0 ? ['text' as const] : [])),
    user_message: verdict.flagged ? refusal : null,
    metadata: toFacts(verdict),
  };
}
