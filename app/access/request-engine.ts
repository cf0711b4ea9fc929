import type { Context } from 'hono';
import type { Engine } from '../../engine/engine.ts';
import type { AppEnv } from '../run.ts';
import { allowedEngine } from './allowed-engine.ts';
import { meteredEngine } from './meter.ts';

/** The engine of one request: what its caller may not do, it does not do, whichever route asks. */
export const requestEngine =
  (engine: Engine) =>
  (c: Context<AppEnv>): Engine => {
    const { access, reserve } = c.var;
    const counted = reserve ? meteredEngine(engine, reserve) : engine;
    const models = access.key?.models;
    return models ? allowedEngine(counted, models) : counted;
  };
