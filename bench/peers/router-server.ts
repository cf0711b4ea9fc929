/** router-app.ts behind Hono's server for Node, as lambda/server.ts is. Prints its URL. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { routerApp } from './router-app.ts';

const server = serve({
  fetch: routerApp((event) => console.error(JSON.stringify(event))),
  port: 0,
}) as Server;
if (!server.listening) await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
