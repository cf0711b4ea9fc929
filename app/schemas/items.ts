import * as z from 'zod';
import { ResponseLogprobs } from './logprobs.ts';
import { emptyList } from './neutral.ts';
import { FunctionName } from './tools.ts';

const MAX_CALL_ID = 64;

const Status = z.enum(['in_progress', 'completed', 'incomplete']);

const InputText = z.strictObject({
  type: z.literal('input_text', {
    error: ({ input }) =>
      `parts of type ${JSON.stringify(input)} are not supported; only "input_text" parts are`,
  }),
  text: z.string(),
});
const OutputText = z.strictObject({
  type: z.literal('output_text', {
    error: ({ input }) =>
      `parts of type ${JSON.stringify(input)} are not supported; only "output_text" parts are`,
  }),
  text: z.string(),
  annotations: emptyList().nullish(),
  logprobs: z.array(z.unknown()).nullish().describe('Of a reply that is sent back: not read.'),
  parsed: z.unknown().optional().describe("The client's own addition: not read."),
});

/** What every item may carry when it is sent back as it came. */
const given = { id: z.string().min(1).max(128).nullish(), status: Status.nullish() };
const message = { ...given, type: z.literal('message').optional() };
const InputContent = z.union([z.string(), z.array(InputText).min(1)]);

const InputMessage = z.discriminatedUnion(
  'role',
  [
    z.strictObject({ ...message, role: z.literal('user'), content: InputContent }),
    z.strictObject({ ...message, role: z.literal('system'), content: InputContent }),
    z.strictObject({ ...message, role: z.literal('developer'), content: InputContent }),
    z.strictObject({
      ...message,
      role: z.literal('assistant'),
      content: z.union([z.string(), z.array(OutputText)]),
    }),
  ],
  {
    error: ({ code }) =>
      code === 'invalid_union' ? 'must be user, assistant, system or developer' : undefined,
  },
);

const InputCall = z.strictObject({
  ...given,
  type: z.literal('function_call'),
  call_id: z.string().min(1).max(MAX_CALL_ID),
  name: FunctionName,
  arguments: z.string().describe('JSON text.'),
  parsed_arguments: z.unknown().optional().describe("The client's own addition: not read."),
});

const InputCallOutput = z.strictObject({
  ...given,
  type: z.literal('function_call_output'),
  call_id: z.string().min(1).max(MAX_CALL_ID),
  output: InputContent,
});

/** An item as a client writes it. Source: OpenAI OpenAPI 2.3.0, InputItem, as far as text and functions go. */
export const InputItem = z.discriminatedUnion('type', [InputMessage, InputCall, InputCallOutput], {
  error: ({ code, input }) =>
    code === 'invalid_union'
      ? `items of type ${JSON.stringify((input as { type?: unknown }).type)} are not supported`
      : undefined,
});
export type InputItem = z.infer<typeof InputItem>;

const Text = z.object({ type: z.literal('input_text'), text: z.string() });

export const OutputTextPart = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: ResponseLogprobs.describe('Empty when they were not asked for.'),
});
export type OutputTextPart = z.infer<typeof OutputTextPart>;

/** What a model says. Source: OpenAI OpenAPI 2.3.0, OutputMessage. */
export const OutputMessage = z.object({
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  status: Status,
  content: z.array(OutputTextPart),
});
export type OutputMessage = z.infer<typeof OutputMessage>;

/** Source: OpenAI OpenAPI 2.3.0, FunctionToolCallResource. */
export const FunctionCall = z.object({
  id: z.string(),
  type: z.literal('function_call'),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
  status: Status,
});
export type FunctionCall = z.infer<typeof FunctionCall>;

export const OutputItem = z.discriminatedUnion('type', [OutputMessage, FunctionCall]);
export type OutputItem = z.infer<typeof OutputItem>;

/** An item as it is kept, and given back. Source: OpenAI OpenAPI 2.3.0, ItemResource. */
export const Item = z.union([
  OutputMessage,
  FunctionCall,
  z.object({
    id: z.string(),
    type: z.literal('message'),
    role: z.enum(['user', 'system', 'developer']),
    status: Status,
    content: z.array(Text),
  }),
  z.object({
    id: z.string(),
    type: z.literal('function_call_output'),
    call_id: z.string(),
    output: z.union([z.string(), z.array(Text)]),
    status: Status,
  }),
]);
export type Item = z.infer<typeof Item>;
