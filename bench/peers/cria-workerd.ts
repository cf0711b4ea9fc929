/** Our engine in workerd, timed from outside: a Worker's clock stands still while it computes. */
import { modelBytes } from '../model-files.ts';
import { peerArgs } from './peer-args.ts';
import { DECODE_PROMPT } from './prompt.ts';
import { takeCommands } from './take-commands.ts';
import { openWorkerdCompletions } from './workerd-completions.ts';

const args = peerArgs();
await using workerd = await openWorkerdCompletions(args);

await takeCommands('Cria in workerd, over HTTP', {
  prefill: async ({ tokens }) => (1000 * tokens) / (await workerd.complete(tokens, 1)),

  /** The difference of two replies: a prompt, HTTP and the first token are in both. */
  async decode({ tokens }) {
    const one = await workerd.complete(DECODE_PROMPT, 1);
    const all = await workerd.complete(DECODE_PROMPT, tokens + 1);
    return (1000 * tokens) / (all - one);
  },

  /** Highest resident MB of workerd, once it has read a prompt, that neither weights nor cache explain. */
  async memory({ tokens }) {
    await workerd.complete(tokens, 1);
    const { weights, position } = await modelBytes(args.model);
    return (workerd.peakBytes() - weights - tokens * position) / 1e6;
  },
});
