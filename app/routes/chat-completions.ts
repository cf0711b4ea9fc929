import type { Context } from 'hono';
import { toChatChunks, toChatReply } from '../chat-reply.ts';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import { type AppEnv, type RunDeps, startRun } from '../run.ts';
import { ChatRequest, toCompletionRequests } from '../schemas/chat.ts';
import { sse } from '../sse.ts';

export const chatCompletions = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(ChatRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const run = await startRun(c, deps, toCompletionRequests(request));
  const head = {
    id: `chatcmpl-${deps.newId()}`,
    created: Math.floor(deps.now() / 1000),
    model: run.model,
  };

  return request.stream
    ? sse(toChatChunks(head, run.choices, request.stream_options?.include_usage ?? false, deps.newId), run)
    : c.json(await toChatReply(head, run.choices, deps.newId));
};
