import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';

const BESIDE = new URL('./web', import.meta.url); // in a function's folder, which is all it has
const PAGE = existsSync(BESIDE) ? BESIDE : new URL('../web', import.meta.url); // dist/web, of dist/lambda/server.mjs

/** The playground's files, for all paths that no route takes. */
export const playground = () => serveStatic({ root: fileURLToPath(PAGE) });
