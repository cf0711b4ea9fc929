import type { Context } from 'hono';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import { type AppEnv, type RunDeps, startRun } from '../run.ts';
import { TextRequest, toCompletionRequest } from '../schemas/text.ts';
import { sse } from '../sse.ts';
import { toTextChunks, toTextReply } from '../text-reply.ts';

export const completions = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(TextRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const run = await startRun(c, deps, toCompletionRequest(request));
  const head = {
    id: `cmpl-${deps.newId()}`,
    created: Math.floor(deps.now() / 1000),
    model: run.model,
  };

  return request.stream
    ? sse(toTextChunks(head, run.parts, request.stream_options?.include_usage ?? false), run)
    : c.json(await toTextReply(head, run.parts));
};
