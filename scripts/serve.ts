/** `npm run serve`: the same server in Node alone, without workerd. Settings as for `npm start`; PORT is 8788. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { V8_FLAGS } from '../infra/v8-flags.ts';
import { buildApart } from './build-apart.ts';
import { DIST } from './workerd-command.ts';

await buildApart();
const server = spawn(process.execPath, [...V8_FLAGS, join(DIST, 'lambda/server.mjs')], {
  stdio: 'inherit',
});
process.on('SIGINT', () => {}); // Ctrl-C reaches it by itself
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal));
server.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal!];
});
