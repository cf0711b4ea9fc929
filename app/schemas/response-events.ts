import * as z from 'zod';
import { OutputItem, OutputTextPart } from './items.ts';
import { ResponseLogprobs } from './logprobs.ts';
import { ResponseObject } from './responses.ts';

const numbered = { sequence_number: z.int() };
const at = { item_id: z.string(), output_index: z.int() };
const inPart = { ...at, content_index: z.int() };

const whole = <T extends string>(type: T) =>
  z.object({ type: z.literal(type), ...numbered, response: ResponseObject });
const item = <T extends string>(type: T) =>
  z.object({ type: z.literal(type), ...numbered, output_index: z.int(), item: OutputItem });
const part = <T extends string>(type: T) =>
  z.object({ type: z.literal(type), ...numbered, ...inPart, part: OutputTextPart });

/** One event of a streamed response. Source: OpenAI OpenAPI 2.3.0, ResponseStreamEvent. */
export const ResponseEvent = z.discriminatedUnion('type', [
  whole('response.created'),
  whole('response.in_progress'),
  item('response.output_item.added'),
  part('response.content_part.added'),
  z.object({
    type: z.literal('response.output_text.delta'),
    ...numbered,
    ...inPart,
    delta: z.string(),
    logprobs: ResponseLogprobs,
  }),
  z.object({
    type: z.literal('response.output_text.done'),
    ...numbered,
    ...inPart,
    text: z.string(),
    logprobs: ResponseLogprobs,
  }),
  part('response.content_part.done'),
  z.object({
    type: z.literal('response.function_call_arguments.delta'),
    ...numbered,
    ...at,
    delta: z.string(),
  }),
  z.object({
    type: z.literal('response.function_call_arguments.done'),
    ...numbered,
    ...at,
    name: z.string(),
    arguments: z.string(),
  }),
  item('response.output_item.done'),
  whole('response.completed'),
  whole('response.incomplete'),
  whole('response.failed'),
]);
export type ResponseEvent = z.infer<typeof ResponseEvent>;
