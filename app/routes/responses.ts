import type { Context } from 'hono';
import type { CompletionRequest } from '../../engine/engine.ts';
import { itemsOf } from '../conversation-items.ts';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import { toItems, toMessages } from '../items.ts';
import { newResponse } from '../new-response.ts';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import { toResponseEvents } from '../response-events.ts';
import { type AppEnv, type RunDeps, startRun } from '../run.ts';
import type { Item } from '../schemas/items.ts';
import { toList } from '../schemas/lists.ts';
import { ResponseQuery } from '../schemas/queries.ts';
import { toFormat } from '../schemas/response-format.ts';
import { toChatTools } from '../schemas/response-tools.ts';
import {
  type ItemList,
  ItemListQuery,
  type ResponseDeleted,
  type ResponseObject,
  ResponseRequest,
  toLogprobs,
} from '../schemas/responses.ts';
import { toSampling } from '../schemas/sampling.ts';
import { toEngineTools } from '../schemas/tools.ts';
import { sse } from '../sse.ts';
import { startTruncated } from '../start-truncated.ts';
import { write } from '../storage/write.ts';
import { findResponse, itemsUpTo, keepResponse } from '../stored-responses.ts';

type Messages = ReturnType<typeof toMessages>;
type ResponseContext = Context<AppEnv, '/:id'>;

export const createResponse = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { storage, now, newId } = deps;
  const request = parse(ResponseRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const input = toItems(request.input, newId);
  const conversation = conversationOf(request);
  const earlier = await earlierItems(deps, request, conversation);
  const messages = toMessages([...earlier, ...input]);

  const start = (turns: Messages) => startRun(c, deps, [toCompletionRequest(request, turns)]);
  const run = await (request.truncation === 'auto'
    ? startTruncated(messages, (turns) => start(withoutOrphans(turns)))
    : start(messages));
  const response = newResponse(request, {
    id: `resp_${newId()}`,
    model: run.model,
    nowMs: now(),
    conversation,
  });

  const events = (explain: (error: unknown) => string) =>
    toResponseEvents({
      response,
      parts: run.choices[0]!,
      newId,
      now,
      keep: (ended) => write(storage, keepResponse(ended, input, now())),
      explain,
    });
  if (request.stream) {
    const told = (error: unknown) => run.describe(error).error.message;
    return sse(events(told), { ...run, named: true });
  }

  let last: ResponseObject = response;
  for await (const event of events(rethrow)) if ('response' in event) last = event.response;
  return c.json(last);
};

export const retrieveResponse =
  ({ storage }: RunDeps) =>
  async (c: ResponseContext) => {
    parse(ResponseQuery, c.req.query());
    return c.json((await findResponse(storage, c.req.param('id'))).response);
  };

export const deleteResponse =
  ({ storage }: RunDeps) =>
  async (c: ResponseContext) => {
    const { response } = await findResponse(storage, c.req.param('id'));
    await write(storage, [{ type: 'delete', kind: 'response', id: response.id }]);
    return c.json({ id: response.id, object: 'response', deleted: true } satisfies ResponseDeleted);
  };

export const listInputItems =
  ({ storage }: RunDeps) =>
  async (c: ResponseContext) => {
    const { after, limit, order } = parse(ItemListQuery, c.req.query());
    const { input } = await findResponse(storage, c.req.param('id'));
    const ordered = order === 'asc' ? input : input.toReversed();
    const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && from === 0) throw new NotFoundError('input item', after, 'after');
    const items = ordered.slice(from, from + limit);
    return c.json(toList(items, from + limit < ordered.length) satisfies ItemList);
  };

/** A response that is not made in the background is cancelled by leaving it. */
export const cancelResponse =
  ({ storage }: RunDeps) =>
  async (c: ResponseContext): Promise<never> => {
    await findResponse(storage, c.req.param('id'));
    throw new InvalidRequestError(
      'invalid_value',
      'id',
      'id: only responses with background set to true can be cancelled, and those are not supported',
    );
  };

function conversationOf({ conversation }: ResponseRequest): string | undefined {
  return typeof conversation === 'object' ? conversation?.id : conversation;
}

async function earlierItems(
  { storage }: RunDeps,
  { previous_response_id: previous }: ResponseRequest,
  conversation: string | undefined,
): Promise<Item[]> {
  if (previous != null) return itemsUpTo(storage, previous);
  return conversation === undefined ? [] : itemsOf(storage, conversation);
}

/** Results whose calls were left out say nothing, unless nothing else is left. */
function withoutOrphans(turns: Messages): Messages {
  return turns.slice(turns.findIndex(({ role }) => role !== 'tool'));
}

/** The request, in the engine's words. Instructions stand before all turns, however many of them are left out. */
function toCompletionRequest(request: ResponseRequest, turns: Messages): CompletionRequest {
  const { instructions } = request;
  const logprobs = toLogprobs(request);
  const system = instructions == null ? [] : [{ role: 'system' as const, content: instructions }];
  return {
    model: request.model,
    prompt: { type: 'chat', messages: [...system, ...turns] },
    maxTokens: request.max_output_tokens ?? undefined,
    stop: [],
    format: toFormat(request.text?.format),
    sampling: toSampling(request),
    ...toEngineTools(toChatTools(request)),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
}

function rethrow(error: unknown): never {
  throw error;
}
