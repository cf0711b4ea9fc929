/** Our routes in a Node server without a model, beside a bare Hono route in the same process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { routerCommands } from './router-commands.ts';
import { takeCommands } from './take-commands.ts';

const script = fileURLToPath(new URL('router-server.ts', import.meta.url));
const server = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] });
const [url] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];

await takeCommands('routes in Node', routerCommands(new URL(url)));
server.kill();
