/** Our engine in Node, without HTTP. */
import { createNodeDevice } from '../../lambda/device.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
import { modelBytes } from '../model-files.ts';
import { openCriaEngine } from './cria-engine.ts';
import { peerArgs } from './peer-args.ts';
import { takeCommands } from './take-commands.ts';

const { model, threads, context } = peerArgs();
const device = createNodeDevice(threads);
const source = await openFileSource(model);
const engine = await openCriaEngine(device, source, context);
await source.close();

await takeCommands(`Cria in Node ${process.versions.node}`, {
  prefill: engine.prefill,
  decode: engine.decode,
  digest: engine.digest,

  /** Highest resident MB of this process, once it has read a prompt, that neither weights nor cache explain. */
  async memory({ tokens }) {
    await engine.prefill({ tokens });
    const { weights, position } = await modelBytes(model);
    return (1024 * process.resourceUsage().maxRSS - weights - tokens * position) / 1e6;
  },
});
