import type { Context } from 'hono';
import { UnknownModelError } from '../../engine/errors.ts';
import type { JudgeRequest, Verdict } from '../../engine/guard/guard.ts';
import { roughTokens } from '../access/meter.ts';
import { NotFoundError } from '../errors.ts';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import { requireSafety, type Safety } from '../safety.ts';
import { toPromptMessages } from '../schemas/messages.ts';
import { type Moderation, ModerationRequest, toInputs, toModerationResult } from '../schemas/moderations.ts';
import { type ShieldList, ShieldRequest, toShield, toShieldReply } from '../schemas/shields.ts';

export const createModeration = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { input, model } = parse(ModerationRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const safety = requireSafety(deps.safety);
  const { id } = safety.guard.info;
  if (model != null && model !== id) throw new UnknownModelError(model, [id]);

  const results: Moderation['results'] = [];
  for (const messages of toInputs(input))
    results.push(toModerationResult(await judge(c, deps, safety, { messages, scores: true }), safety));
  return c.json({ id: `modr-${deps.newId()}`, model: id, results } satisfies Moderation);
};

export const runShield = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(ShieldRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const safety = requireSafety(deps.safety);
  if (request.shield_id !== safety.guard.info.id)
    throw new NotFoundError('shield', request.shield_id, 'shield_id');

  const messages = toPromptMessages(request.messages);
  return c.json(toShieldReply(await judge(c, deps, safety, { messages, scores: false }), safety));
};

export const listShields =
  ({ safety }: RunDeps) =>
  (c: Context) =>
    c.json({ data: safety ? [toShield(safety)] : [] } satisfies ShieldList);

/** Ids contain slashes, and clients send them as they are or as %2F. */
export const retrieveShield =
  ({ safety }: RunDeps) =>
  (c: Context<object, '/:id'>) => {
    const id = c.req.param('id');
    if (safety === undefined || safety.guard.info.id !== id) throw new NotFoundError('shield', id);
    return c.json(toShield(safety));
  };

/** A verdict, and a line in the log: of what was judged, nothing. */
async function judge(
  c: Context<AppEnv>,
  { now, log }: RunDeps,
  { guard, policy }: Safety,
  request: Omit<JudgeRequest, 'policy'>,
): Promise<Verdict> {
  const startedAt = now();
  const asked = request.messages.reduce((sum, { content }) => sum + roughTokens(content), 0);
  const settle = await c.var.reserve?.(asked);
  const verdict = await guard
    .judge({ ...request, policy }, c.req.raw.signal)
    .catch(async (error: unknown) => {
      await settle?.(0);
      throw error;
    });
  await settle?.(verdict.promptTokens);
  const { reason, score, categories, windows, promptTokens } = verdict;
  log({
    event: 'verdict',
    requestId: c.var.requestId,
    guard: guard.info.id,
    reason,
    score,
    categories: categories.join(','),
    windows,
    promptTokens,
    totalMs: now() - startedAt,
  });
  return verdict;
}
