/** The Node door: the app on a port. For a single node, and for the container. */
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { readSettings } from '../app/settings.ts';
import { clientOf } from './client-of.ts';
import { drainOnSignals } from './drain.ts';
import { Env } from './env.ts';
import { createNodeApp } from './node-app.ts';
import { orExit } from './or-exit.ts';
import { startTracing } from './start-tracing.ts';

const PAGE = fileURLToPath(new URL('../web', import.meta.url)); // dist/web, of dist/lambda/server.mjs

const env = await orExit(() => readSettings(Env, process.env));
const stopTracing = await orExit(() => startTracing(env, 'cria'));
const { app, model, lifecycle, log, stop } = await orExit(() => createNodeApp(env, 'node'));
app.use('/*', serveStatic({ root: PAGE }));

const fetch = (request: Request, bindings: HttpBindings | Http2Bindings) =>
  app.fetch(request, clientOf(request, bindings, env.CRIA_PROXIES));
const server = serve({ fetch, hostname: env.HOST, port: env.PORT }, ({ address, port }) =>
  console.log(JSON.stringify({ event: 'listening', url: `http://${address}:${port}`, model: model.id })),
);
drainOnSignals({
  server: server as Server,
  lifecycle,
  graceMs: env.CRIA_DRAIN * 1000,
  log,
  onDrain: stop,
  onEnd: stopTracing,
});
