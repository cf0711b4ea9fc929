/** `npm run serve`: the same server in Node alone, without workerd. Settings as for `npm start`; PORT is 8788. */
import { buildAll } from './build.ts';

await buildAll();
await import('../lambda/server.ts');
