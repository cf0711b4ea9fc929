import type { Context } from 'hono';
import type { Engine } from '../../engine/engine.ts';
import type { AppEnv } from '../run.ts';
import { allowedEngine } from './allowed-engine.ts';

/** The engine of one request: what its caller may not do, it does not do, whichever route asks. */
export const requestEngine =
  (engine: Engine) =>
  (c: Context<AppEnv>): Engine => {
    const { key } = c.var.access;
    return key?.models === undefined ? engine : allowedEngine(engine, key.models);
  };
