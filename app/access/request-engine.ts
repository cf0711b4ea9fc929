import type { Context } from 'hono';
import type { Engine } from '../../engine/engine.ts';
import { DEFAULT_POLICY } from '../../engine/guard/guard.ts';
import type { Bounds } from '../request-settings.ts';
import { type AppEnv, promptFieldOf } from '../run.ts';
import { REFUSAL, type Safety } from '../safety.ts';
import { allowedEngine } from './allowed-engine.ts';
import { boundedEngine } from './bounded-engine.ts';
import { judgingOf, type ServerGuard } from './guard-policy.ts';
import { judgedEngine } from './judged-engine.ts';
import { meteredEngine } from './meter.ts';

const UNJUDGED: ServerGuard = { path: 'off', policy: DEFAULT_POLICY, refusal: REFUSAL, enforced: false };

export interface RequestEngineOptions {
  readonly safety: Safety | undefined;
  readonly bounds: Bounds;
}

/** The engine of one request: what its caller may not do, it does not do, whichever route asks. */
export function requestEngine(engine: Engine, { safety, bounds }: RequestEngineOptions) {
  const server: ServerGuard = safety ? { enforced: false, ...safety } : UNJUDGED;

  return (c: Context<AppEnv>): Engine => {
    const { access, reserve } = c.var;
    const { models, guard } = access.key ?? {};
    const route = safety?.routes?.[c.req.path];
    const judged = route || guard ? judgedEngine(engine, judgingOf(server, route, guard), safety) : engine;
    const counted = reserve ? meteredEngine(judged, reserve) : judged;
    const bounded = boundedEngine(counted, { bounds, promptField: promptFieldOf(c.req.path) });
    return models ? allowedEngine(bounded, models) : bounded;
  };
}
