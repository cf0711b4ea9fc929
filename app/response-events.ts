import type { Part } from '../engine/engine.ts';
import { toResponseLogprobs } from './logprobs.ts';
import type { OutputItem, OutputMessage } from './schemas/items.ts';
import type { ResponseLogprobs } from './schemas/logprobs.ts';
import type { ResponseEvent } from './schemas/response-events.ts';
import type { ResponseObject } from './schemas/responses.ts';
import { toResponseUsage } from './schemas/usage.ts';

type Unnumbered<E> = E extends unknown ? Omit<E, 'sequence_number'> : never;
type Said = Unnumbered<ResponseEvent>;

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

/** A response as it comes, in the order OpenAI documents. The last event has all of it. */
export async function* toResponseEvents(from: ResponseParts): AsyncGenerator<ResponseEvent, void> {
  let number = 0;
  for await (const event of sayAll(from)) yield { ...event, sequence_number: number++ };
}

async function* sayAll({ response, parts, newId, now, keep, explain }: ResponseParts): AsyncGenerator<Said> {
  const output: OutputItem[] = [];
  yield { type: 'response.created', response };
  yield { type: 'response.in_progress', response };
  try {
    let message: OutputMessage | undefined; // what is being said
    for await (const part of parts) {
      if (part.type === 'text') {
        if (message === undefined) {
          message = emptyMessage(`msg_${newId()}`);
          yield* open(message, output.length);
        }
        const logprobs = toResponseLogprobs(part.tokens ?? []);
        yield {
          type: 'response.output_text.delta',
          ...placeOf(message, output.length),
          delta: part.text,
          logprobs,
        };
        message = spoken(message, part.text, logprobs);
        continue;
      }
      if (part.type !== 'done') throw new Error('a tool was called, and none was offered');

      const cut = part.reason === 'length';
      if (message === undefined) {
        message = emptyMessage(`msg_${newId()}`); // a reply of no text at all is an empty message
        yield* open(message, output.length);
      }
      yield* close({ ...message, status: cut ? 'incomplete' : 'completed' }, output);
      const ended: ResponseObject = {
        ...response,
        status: cut ? 'incomplete' : 'completed',
        completed_at: cut ? null : Math.floor(now() / 1000),
        incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
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

const textPart = (text: string, logprobs: ResponseLogprobs = []) => ({
  type: 'output_text' as const,
  text,
  annotations: [],
  logprobs,
});
const partOf = ({ content }: OutputMessage) => content[0] ?? textPart('');

const emptyMessage = (id: string): OutputMessage => ({
  id,
  type: 'message',
  role: 'assistant',
  status: 'in_progress',
  content: [],
});

function spoken(message: OutputMessage, text: string, logprobs: ResponseLogprobs): OutputMessage {
  const before = partOf(message);
  before.logprobs.push(...logprobs); // copied at each token it would cost the square of their number
  return { ...message, content: [textPart(before.text + text, before.logprobs)] };
}

function* open(item: OutputMessage, index: number): Generator<Said> {
  yield { type: 'response.output_item.added', output_index: index, item };
  yield { type: 'response.content_part.added', ...placeOf(item, index), part: textPart('') };
}

/** Tells of the end of an item, and adds it to the output. */
function* close(message: OutputMessage, output: OutputItem[]): Generator<Said> {
  const part = partOf(message);
  const item = { ...message, content: [part] };
  const place = placeOf(item, output.length);
  yield { type: 'response.output_text.done', ...place, text: part.text, logprobs: part.logprobs };
  yield { type: 'response.content_part.done', ...place, part };
  yield { type: 'response.output_item.done', output_index: output.length, item };
  output.push(item);
}

const placeOf = ({ id }: OutputMessage, index: number) => ({
  item_id: id,
  output_index: index,
  content_index: 0,
});
