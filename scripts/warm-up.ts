/** What a served model does on this machine: how long it loads, how fast it speaks. */
export interface WarmUp {
  readonly loadSeconds: number;
  readonly tokensPerSecond: number;
}

const REPLY_TOKENS = 32;

/** Asks for one token, which loads the model, then for a short reply. Throws Error with what the server said instead. */
export async function warmUp(url: URL, model: string, signal: AbortSignal): Promise<WarmUp> {
  const began = performance.now();
  await arrivals(url, model, 1, signal);
  const loadSeconds = (performance.now() - began) / 1000;

  const times = await arrivals(url, model, REPLY_TOKENS, signal);
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  return { loadSeconds, tokensPerSecond: (times.length - 1) / seconds };
}

/** When each piece of a reply came, in ms. A piece is a token or, where a character takes several, a few. */
async function arrivals(url: URL, model: string, maxTokens: number, signal: AbortSignal): Promise<number[]> {
  const response = await fetch(new URL('/v1/chat/completions', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: 'Tell me about llamas.' }],
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
    }),
    signal,
  });
  if (!response.ok) throw new Error(`the warm-up got HTTP ${response.status}: ${await response.text()}`);

  const times: number[] = [];
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    if (chunk.includes('"error"')) throw new Error(`the warm-up failed: ${chunk}`);
    if (chunk.includes('"content"')) times.push(performance.now());
  }
  return times;
}
