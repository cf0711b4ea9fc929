/** Many clients at once, for a while: each streams one chat after another and reads every event. */

export interface LoadOptions {
  readonly url: URL;
  readonly model: string;
  readonly clients: number;
  readonly seconds: number;
  readonly headers: (client: number) => Record<string, string>;
  /** What the server takes at this moment, in bytes. */
  readonly residentBytes: () => number;
}

export interface LoadReport {
  /** Streams that came to a well-formed end, by client. */
  readonly streams: readonly number[];
  /** Requests that were answered with 429 and a time to come back, by client. */
  readonly refused: readonly number[];
  /** Everything else, in a few words. */
  readonly errors: readonly string[];
  /** Milliseconds from each request to its first text, ascending. */
  readonly firstTextMs: readonly number[];
  /** Once a second. */
  readonly residentBytes: readonly number[];
  /** From the first request to the last answer. */
  readonly seconds: number;
}

const TOKENS = 16;
const MOST_PATIENCE_MS = 250; // a refused client comes back sooner than it is told, as rude ones do

export async function load(options: LoadOptions): Promise<LoadReport> {
  const { url, model, clients, seconds, headers, residentBytes } = options;
  const streams = new Array<number>(clients).fill(0);
  const refused = new Array<number>(clients).fill(0);
  const errors: string[] = [];
  const firstTextMs: number[] = [];
  const resident: number[] = [];
  const start = performance.now();
  const end = start + 1000 * seconds;

  async function ask(client: number): Promise<void> {
    const askedAt = performance.now();
    const reply = await fetch(new URL('/v1/chat/completions', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers(client) },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: `Client ${client}, time ${streams[client]}: what is wool?` }],
        max_tokens: TOKENS,
        stream: true,
      }),
    });
    if (reply.status === 429) {
      const after = Number(reply.headers.get('retry-after'));
      await reply.body?.cancel();
      if (!(after > 0)) errors.push(`a 429 with retry-after ${reply.headers.get('retry-after')}`);
      refused[client]!++;
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000 * after, MOST_PATIENCE_MS)));
      return;
    }
    if (reply.status !== 200) {
      errors.push(`HTTP ${reply.status}: ${(await reply.text()).slice(0, 200)}`);
      return;
    }
    let text = '';
    let hasText = false;
    for await (const piece of reply.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (hasText || !text.includes('"content":"')) continue;
      hasText = true;
      firstTextMs.push(performance.now() - askedAt);
    }
    const problem = malformed(text);
    if (problem) errors.push(problem);
    else streams[client]!++;
  }

  const sampling = setInterval(() => resident.push(residentBytes()), 1000);
  await Promise.all(
    streams.map(async (_, client) => {
      while (performance.now() < end)
        await ask(client).catch((error: Error) => errors.push(`${error.name}: ${error.message}`));
    }),
  );
  clearInterval(sampling);
  return {
    streams,
    refused,
    errors,
    firstTextMs: firstTextMs.sort((a, b) => a - b),
    residentBytes: resident,
    seconds: (performance.now() - start) / 1000,
  };
}

/** What is wrong with a stream of chat chunks; undefined when nothing is. */
function malformed(text: string): string | undefined {
  const events = text.split('\n\n');
  if (events.pop() !== '') return `a stream ends within an event: ${text.slice(-80)}`;
  if (events.pop() !== 'data: [DONE]') return `a stream does not end with [DONE]: ${text.slice(-80)}`;
  let reason: unknown;
  for (const event of events.filter((one) => !one.startsWith(':'))) {
    if (reason != null) return `an event behind the finish reason: ${event.slice(0, 80)}`;
    if (!event.startsWith('data: ')) return `no event: ${event.slice(0, 80)}`;
    const { choices, object } = JSON.parse(event.slice('data: '.length));
    if (object !== 'chat.completion.chunk') return `not a chunk: ${event.slice(0, 80)}`;
    reason = choices[0].finish_reason;
  }
  return typeof reason === 'string' ? undefined : 'a stream without a finish reason';
}
