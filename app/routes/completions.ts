import type { Context } from 'hono';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import { type AppEnv, type RunDeps, startRun } from '../run.ts';
import { countChoices, TextRequest, toCompletionRequests } from '../schemas/text.ts';
import { sse } from '../sse.ts';
import { inGroups, toTextChunks, toTextReply } from '../text-reply.ts';

export const completions = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(TextRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const run = await startRun(c, deps, toCompletionRequests(request));
  const head = {
    id: `cmpl-${deps.newId()}`,
    created: Math.floor(deps.now() / 1000),
    model: run.model,
  };

  const { n, choicesPerPrompt } = countChoices(request);
  const prompts = inGroups(run.choices, choicesPerPrompt);
  if (request.stream) {
    return sse(toTextChunks(head, prompts, request.stream_options?.include_usage ?? false), run);
  }
  const options = { n, echo: request.echo ?? false, logprobs: request.logprobs != null };
  return c.json(await toTextReply(head, prompts, options));
};
