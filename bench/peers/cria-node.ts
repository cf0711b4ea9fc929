/** Our engine in Node, without HTTP. */
import { createNodeDevice } from '../../lambda/device.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
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
});
