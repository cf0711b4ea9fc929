/** Our engine in Node with every op timed. */
import { notMatmulShare, openProfiler } from '../profile.ts';
import { peerArgs } from './peer-args.ts';
import { takeCommands } from './take-commands.ts';

const profiler = await openProfiler(peerArgs().model);

await takeCommands('Cria in Node, ops timed', {
  'not-matmul': async ({ at, tokens }) => 100 * notMatmulShare(await profiler.decode(at, tokens)),
});
