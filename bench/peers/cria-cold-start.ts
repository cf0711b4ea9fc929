/** The edge target as its first request finds it: workerd has begun to listen, packed weights lie on the disk or in an R2. */
import { modelBytes, packedModel } from '../model-files.ts';
import { peerArgs } from './peer-args.ts';
import { openR2Completions } from './r2-completions.ts';
import { takeCommands } from './take-commands.ts';
import { openWorkerdCompletions } from './workerd-completions.ts';

const BYTES_PER_MS = 1e6;
const ALLOWED_MS = 1500;

const args = peerArgs();
const packed = await packedModel(args.model);

/** Milliseconds to the first token of a prompt. */
async function firstToken(open: typeof openR2Completions, tokens: number): Promise<number> {
  await using workerd = await open({ ...args, model: packed });
  return await workerd.complete(tokens, 1);
}

await takeCommands('Cria in workerd, started anew each time', {
  'first-token': ({ tokens }) => firstToken(openWorkerdCompletions, tokens),
  'first-token-r2': ({ tokens }) => firstToken(openR2Completions, tokens),

  /** What that may take: the weights at 1 GB/s, and a second and a half. */
  allowance: async () => (await modelBytes(args.model)).weights / BYTES_PER_MS + ALLOWED_MS,
});
