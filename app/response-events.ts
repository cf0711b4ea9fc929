import type { Part } from '../engine/engine.ts';
import { toResponseLogprobs } from './logprobs.ts';
import type { FunctionCall, OutputItem, OutputMessage } from './schemas/items.ts';
import type { ResponseLogprobs } from './schemas/logprobs.ts';
import type { ResponseEvent } from './schemas/response-events.ts';
import type { ResponseObject } from './schemas/responses.ts';
import { toResponseUsage } from './schemas/usage.ts';

type Unnumbered<E> = E extends unknown ? Omit<E, 'sequence_number'> : never;
type Said = Unnumbered<ResponseEvent>;
type PartOf<T extends Part['type']> = Extract<Part, { type: T }>;

export interface ResponseParts {
  /** As it is before anything is said. */
  readonly response: ResponseObject;
  readonly parts: AsyncIterable<Part>;
  readonly newId: () => string;
  readonly now: () => number; // Unix milliseconds
  /** Called with the whole response before the event that tells of it. */
  readonly keep: (response: ResponseObject) => Promise<void>;
  /** What a client is told of an error, or throws it. */
  readonly explain: (error: unknown) => string;
}

/** Why a response is incomplete, by why its reply ended. */
const CUT: Partial<Record<PartOf<'done'>['reason'], 'max_output_tokens' | 'content_filter'>> = {
  length: 'max_output_tokens',
  content_filter: 'content_filter',
};

/** A response as it comes, in the order OpenAI documents. The last event has all of it. */
export async function* toResponseEvents(from: ResponseParts): AsyncGenerator<ResponseEvent, void> {
  let number = 0;
  for await (const event of sayAll(from)) yield { ...event, sequence_number: number++ };
}

async function* sayAll({ response, parts, newId, now, keep, explain }: ResponseParts): AsyncGenerator<Said> {
  const output: OutputItem[] = []; // the last is being said
  yield { type: 'response.created', response };
  yield { type: 'response.in_progress', response };
  try {
    for await (const part of parts) {
      if (part.type !== 'done') {
        yield* say(part, output, newId);
        continue;
      }
      const cut = CUT[part.reason];
      const status = cut ? 'incomplete' : 'completed';
      if (output.length === 0) yield* open(newMessage(newId), output); // a reply of nothing is an empty message
      yield* close(output, status);
      const ended: ResponseObject = {
        ...response,
        status,
        completed_at: cut ? null : Math.floor(now() / 1000),
        incomplete_details: cut ? { reason: cut } : null,
        output,
        usage: toResponseUsage(part.usage),
      };
      await keep(ended);
      yield { type: cut ? 'response.incomplete' : 'response.completed', response: ended };
    }
  } catch (error) {
    const failure = { code: 'server_error', message: explain(error) } as const;
    const failed: ResponseObject = { ...response, status: 'failed', error: failure, output };
    yield { type: 'response.failed', response: failed };
  }
}

/** A piece of the last item, or the first of another. */
function* say(
  part: Exclude<Part, PartOf<'done'>>,
  output: OutputItem[],
  newId: () => string,
): Generator<Said> {
  const begins = part.type === 'tool_call' || (part.type === 'text' && output.at(-1)?.type !== 'message');
  if (begins) {
    if (output.length > 0) yield* close(output, 'completed');
    yield* open(part.type === 'tool_call' ? newCall(part.name, newId) : newMessage(newId), output);
  }
  const index = output.length - 1;
  const item = output[index]!;
  if (part.type === 'text' && item.type === 'message') {
    const logprobs = toResponseLogprobs(part.tokens ?? []);
    output[index] = spoken(item, part.text, logprobs);
    yield { type: 'response.output_text.delta', ...inText(item, index), delta: part.text, logprobs };
  } else if (part.type === 'tool_arguments' && item.type === 'function_call') {
    output[index] = { ...item, arguments: item.arguments + part.text };
    const delta = part.text;
    yield { type: 'response.function_call_arguments.delta', ...placeOf(item, index), delta };
  }
}

function* open(item: OutputItem, output: OutputItem[]): Generator<Said> {
  const index = output.push(item) - 1;
  yield { type: 'response.output_item.added', output_index: index, item };
  if (item.type === 'message')
    yield { type: 'response.content_part.added', ...inText(item, index), part: textPart('') };
}

/** Tells of the end of the last item. */
function* close(output: OutputItem[], status: 'completed' | 'incomplete'): Generator<Said> {
  const index = output.length - 1;
  const open = output[index]!;
  const item = open.type === 'message' ? { ...open, status, content: [partOf(open)] } : { ...open, status };
  output[index] = item;
  if (item.type === 'message') {
    const [part] = item.content as [OutputMessage['content'][number]];
    const { text, logprobs } = part;
    yield { type: 'response.output_text.done', ...inText(item, index), text, logprobs };
    yield { type: 'response.content_part.done', ...inText(item, index), part };
  } else {
    const { name, arguments: text } = item;
    yield { type: 'response.function_call_arguments.done', ...placeOf(item, index), name, arguments: text };
  }
  yield { type: 'response.output_item.done', output_index: index, item };
}

const newMessage = (newId: () => string): OutputMessage => ({
  id: `msg_${newId()}`,
  type: 'message',
  role: 'assistant',
  status: 'in_progress',
  content: [],
});

const newCall = (name: string, newId: () => string): FunctionCall => ({
  id: `fc_${newId()}`,
  type: 'function_call',
  call_id: `call_${newId()}`,
  name,
  arguments: '',
  status: 'in_progress',
});

const textPart = (text: string, logprobs: ResponseLogprobs = []) => ({
  type: 'output_text' as const,
  text,
  annotations: [],
  logprobs,
});
const partOf = ({ content }: OutputMessage) => content[0] ?? textPart('');

function spoken(message: OutputMessage, text: string, logprobs: ResponseLogprobs): OutputMessage {
  const before = partOf(message);
  before.logprobs.push(...logprobs); // copied at each token it would cost the square of their number
  return { ...message, content: [textPart(before.text + text, before.logprobs)] };
}

const placeOf = ({ id }: OutputItem, index: number) => ({ item_id: id, output_index: index });
const inText = (item: OutputMessage, index: number) => ({ ...placeOf(item, index), content_index: 0 });
