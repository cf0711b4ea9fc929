import { roughTokens } from '../access/meter.ts';
import { onceRead } from '../once-read.ts';

const TAIL = 2048; // characters; usage stands at the end of a reply, or of a stream that was asked for it

/**
 * The same response, and when it has ended, however it ends, how many tokens were used: as it says itself, or else about as
 * many as its stream had events, or its text letters.
 */
export function countTokens(
  response: Response,
  promptTokens: number,
  onEnd: (used: number) => Promise<void>,
): Response {
  if (!response.ok || response.body === null) {
    void onEnd(0);
    return response;
  }
  const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const decoder = new TextDecoder();
  let tail = '';
  let said = 0;
  const watch = new TransformStream<Uint8Array, Uint8Array>(
    {
      transform(bytes, controller) {
        const text = decoder.decode(bytes, { stream: true });
        said += isEvents ? text.split('data: ').length - 1 : roughTokens(text);
        tail = (tail + text).slice(-TAIL);
        controller.enqueue(bytes);
      },
    },
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
  const watched = new Response(response.body.pipeThrough(watch), response);
  return onceRead(watched, () => {
    const [, total] = /"total_tokens":\s*(\d{1,9})/.exec(tail) ?? [];
    return onEnd(total === undefined ? promptTokens + said : Number(total));
  });
}

const USUAL_REPLY = 1024; // as app/access/meter.ts reserves

/** About as many as a request may take: by its letters, and by what it says of its reply. */
export function tokensOf(asked: Readonly<Record<string, unknown>>): { prompt: number; reply: number } {
  const said = asked.messages ?? asked.prompt ?? asked.input ?? asked.text ?? '';
  const most = asked.max_completion_tokens ?? asked.max_tokens ?? asked.max_output_tokens;
  return {
    prompt: roughTokens(JSON.stringify(said)),
    reply: typeof most === 'number' && Number.isInteger(most) && most >= 0 ? most : USUAL_REPLY,
  };
}
