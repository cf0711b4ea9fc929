/** The edge target as its first request finds it: workerd has begun to listen, packed weights lie in its local R2. */
import { modelBytes, packedModel } from '../model-files.ts';
import { peerArgs } from './peer-args.ts';
import { takeCommands } from './take-commands.ts';
import { openWorkerdCompletions } from './workerd-completions.ts';

const BYTES_PER_MS = 1e6;
const ALLOWED_MS = 1500;

const args = peerArgs();
const model = await packedModel(args.model);

await takeCommands('Cria in workerd, started anew each time', {
  /** Milliseconds to the first token of a prompt. */
  async 'first-token'({ tokens }) {
    await using workerd = await openWorkerdCompletions({ ...args, model });
    return await workerd.complete(tokens, 1);
  },

  /** What that may take: the weights at 1 GB/s, and a second and a half. */
  allowance: async () => (await modelBytes(args.model)).weights / BYTES_PER_MS + ALLOWED_MS,
});
