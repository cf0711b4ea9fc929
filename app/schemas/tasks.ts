import * as z from 'zod';
import { timeZone } from './planner.ts';

/** Characters of a text: about 125,000 tokens of English. */
const MAX_TEXT = 500_000;
const MAX_WORDS = 80;
const MAX_MESSAGES = 256;
const MAX_CONTENT = 32_768;
const MAX_STEPS = 16;
const DEFAULT_STEPS = 8;

const model = z.string().min(1).max(256);
const stream = z.boolean().nullish();
const text = z
  .string()
  .max(MAX_TEXT, { error: `is longer than ${MAX_TEXT} characters` })
  .refine((text) => text.trim() !== '', { error: 'says nothing' });

/** A language, or readers, in a few words: they become part of the instructions, so they are one line. */
const words = z
  .string()
  .max(MAX_WORDS)
  .regex(/^(?=[ ,.()'\u2019-]*[\p{L}\p{N}])[\p{L}\p{N} ,.()'\u2019-]*$/u, {
    error: `must be up to ${MAX_WORDS} letters, digits, spaces and , . ( ) ' -`,
  });

/** POST /v1/tasks/summarize. */
export const SummaryRequest = z.strictObject({
  model,
  text,
  length: z.enum(['short', 'medium', 'long']).nullish().describe('Medium when absent.'),
  style: z.enum(['paragraph', 'bullets', 'headline']).nullish().describe('A paragraph when absent.'),
  language: words.nullish().describe("In which it is written; the text's own when absent."),
  stream,
});
export type SummaryRequest = z.infer<typeof SummaryRequest>;

/** POST /v1/tasks/rewrite. */
export const RewriteRequest = z.strictObject({
  model,
  text,
  tone: z.enum(['neutral', 'friendly', 'formal', 'confident', 'plain']).nullish(),
  length: z.enum(['same', 'shorter', 'longer']).nullish(),
  audience: words.nullish().describe('For whom, such as "children of ten".'),
  correct: z.boolean().nullish().describe('Corrects spelling and grammar.'),
  translate_to: words.nullish().describe('A language.'),
  stream,
});
export type RewriteRequest = z.infer<typeof RewriteRequest>;

/** POST /v1/tasks/assistant. */
export const AssistantRequest = z.strictObject({
  model,
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        content: z.string().max(MAX_CONTENT, { error: `is longer than ${MAX_CONTENT} characters` }),
      }),
    )
    .min(1)
    .max(MAX_MESSAGES),
  time_zone: timeZone.nullish().describe('Of the user, as IANA names it: `Europe/Vienna`. UTC when absent.'),
  max_steps: z
    .int()
    .min(1)
    .max(MAX_STEPS)
    .nullish()
    .describe(`How often the model may be asked; ${DEFAULT_STEPS} when absent.`),
  confirm: z
    .array(z.string().min(1).max(128))
    .max(MAX_STEPS)
    .nullish()
    .describe('The ids of `confirmation` steps that the user agrees to. Each works once, within an hour.'),
  stream,
});
export type AssistantRequest = z.infer<typeof AssistantRequest>;
export const stepsOf = ({ max_steps: most }: AssistantRequest): number => most ?? DEFAULT_STEPS;

/** Of all that the model was asked for the task. */
export const TaskUsage = z.object({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() });
export type TaskUsage = z.infer<typeof TaskUsage>;

const common = { id: z.string(), created_at: z.int().describe('Unix seconds.'), model: z.string() };
const status = z
  .enum(['in_progress', 'completed', 'incomplete'])
  .describe('Incomplete: what the model wrote was cut off at the length it may have.');

export const Summary = z.object({
  ...common,
  object: z.literal('task.summary'),
  status,
  summary: z.string(),
  parts: z.int().describe('How many pieces the text was read in.'),
  usage: TaskUsage,
});
export type Summary = z.infer<typeof Summary>;

export const Rewrite = z.object({
  ...common,
  object: z.literal('task.rewrite'),
  status,
  text: z.string(),
  usage: TaskUsage,
});
export type Rewrite = z.infer<typeof Rewrite>;

const callFields = { id: z.string(), name: z.string(), arguments: z.record(z.string(), z.unknown()) };

/** What an assistant did. */
export const Step = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tool_call'), ...callFields }),
  z.object({ type: z.literal('tool_result'), id: z.string(), ok: z.boolean(), result: z.unknown() }),
  z.object({ type: z.literal('message'), text: z.string() }),
  z
    .object({ type: z.literal('confirmation'), ...callFields, question: z.string() })
    .describe('A call that is only made when its id comes back in `confirm`.'),
]);
export type Step = z.infer<typeof Step>;

export const AssistantReply = z.object({
  ...common,
  object: z.literal('task.assistant'),
  steps: z.array(Step),
  message: z.string(),
  status: z
    .enum(['in_progress', 'completed', 'needs_confirmation', 'incomplete'])
    .describe('Incomplete: out of steps, cut off, or stopped by the guard.'),
  usage: TaskUsage,
});
export type AssistantReply = z.infer<typeof AssistantReply>;

export const Task = z.discriminatedUnion('object', [Summary, Rewrite, AssistantReply]);
export type Task = z.infer<typeof Task>;

export const Stage = z.enum(['read', 'map', 'reduce', 'write']);

const said = <const T extends string, Fields extends z.ZodRawShape>(type: T, fields: Fields) =>
  z.object({ type: z.literal(type), sequence_number: z.int(), ...fields });

/** One event of a streamed task. `task.completed` or `error` is the last. */
export const TaskEvent = z.discriminatedUnion('type', [
  said('task.created', { task: Task }),
  said('task.progress', { stage: Stage, done: z.int(), total: z.int() }),
  said('task.step', { step: Step }),
  said('task.delta', { delta: z.string() }),
  said('task.completed', { task: Task }),
  said('error', { code: z.string(), message: z.string(), param: z.string().nullable() }),
]);
export type TaskEvent = z.infer<typeof TaskEvent>;
