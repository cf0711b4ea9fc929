import { follow } from '../follow.ts';
import { UpstreamError, UpstreamTimeoutError } from './errors.ts';
import type { Peer } from './peer.ts';

export interface Outgoing {
  readonly path: string; // below /v1
  readonly method: string;
  readonly headers: Headers;
  readonly bodyFor: (peer: Peer) => BodyInit | null;
}

export interface ForwardOptions {
  readonly signal: AbortSignal; // of the client
  /** Until an answer begins. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly peer: Peer;
  readonly response: Response;
}

/** At most so many are asked: a request that breaks them should not break them all. */
const MOST_TRIES = 3;

/**
 * Asks one after the other until one answers; what is asked must do no harm when it is done twice. An answer that has
 * begun is the answer. When all turn the request away, that is the answer too.
 *
 * Throws   UpstreamError, UpstreamTimeoutError of the last; undefined when nobody may be asked
 */
export async function forward(
  peers: readonly Peer[],
  outgoing: Outgoing,
  options: ForwardOptions,
): Promise<Answer | undefined> {
  let refusal: Answer | undefined;
  let failure: unknown;
  let tries = 0;
  for (const peer of peers) {
    if (tries === MOST_TRIES) break;
    if (!peer.circuit.enter()) continue;
    tries++;
    const answer = await ask(peer, outgoing, options).catch((error: unknown) => {
      failure = error;
    });
    options.signal.throwIfAborted();
    if (!answer) continue;

    const { status } = answer.response;
    if (status < 500 && status !== 429) {
      await refusal?.response.body?.cancel();
      return answer;
    }
    await refusal?.response.body?.cancel();
    refusal = answer;
  }
  if (refusal) return refusal;
  if (failure !== undefined) throw failure;
  return undefined;
}

async function ask(
  peer: Peer,
  { path, method, headers, bodyFor }: Outgoing,
  { signal, timeoutMs }: ForwardOptions,
): Promise<Answer> {
  const { circuit, backend } = peer;
  const controller = new AbortController();
  follow(signal, controller);
  const late = AbortSignal.timeout(timeoutMs);
  const onLate = () => controller.abort(late.reason);
  late.addEventListener('abort', onLate, { once: true });
  try {
    const response = await peer.send(path, {
      method,
      headers,
      body: bodyFor(peer),
      signal: controller.signal,
    });
    if (response.status === 429) peer.turnedAway(response.headers.get('retry-after'));
    if (response.status >= 500) circuit.fail();
    else circuit.succeed();
    return { peer, response };
  } catch (error) {
    if (signal.aborted) circuit.leave();
    else circuit.fail();
    throw late.aborted
      ? new UpstreamTimeoutError(backend.name, timeoutMs)
      : new UpstreamError(backend.name, error);
  } finally {
    late.removeEventListener('abort', onLate);
  }
}
