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
  options: ForwardOptions,
): Promise<Answer> {
  const answer = await askOne(peer, path, { method, headers, body: bodyFor(peer) }, options);
  const { status, headers: said } = answer.response;
  if (status === 429) peer.turnedAway(said.get('retry-after'));
  if (status >= 500) peer.circuit.fail();
  else peer.circuit.succeed();
  return answer;
}

/**
 * Asks one, whose circuit has been entered. Whether what it answers is a success is not said here.
 *
 * Throws   UpstreamError, UpstreamTimeoutError: a failure of its circuit, unless the client has left
 */
export async function askOne(
  peer: Peer,
  path: string,
  init: RequestInit,
  { signal, timeoutMs }: ForwardOptions,
): Promise<Answer> {
  const { circuit, backend } = peer;
  const controller = new AbortController();
  follow(signal, controller);
  const late = AbortSignal.timeout(timeoutMs);
  const onLate = () => controller.abort(late.reason);
  late.addEventListener('abort', onLate, { once: true });
  try {
    return { peer, response: await peer.send(path, { ...init, signal: controller.signal }) };
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
