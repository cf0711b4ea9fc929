/** No engine: how often one thread could read a model's weights. */
import { openLimits } from '../limits.ts';
import { modelBytes } from '../model-files.ts';
import { peerArgs } from './peer-args.ts';
import { takeCommands } from './take-commands.ts';

const { weights } = await modelBytes(peerArgs().model);
const limits = await openLimits();

await takeCommands('read bandwidth', {
  /** Tokens per second of an engine that did nothing else. */
  decode: async () => (1e9 * limits().readGBps) / weights,
});
