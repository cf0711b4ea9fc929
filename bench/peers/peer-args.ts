import { parseArgs } from 'node:util';

export interface PeerArgs {
  readonly model: string; // path
  readonly threads: number;
  readonly context: number; // positions that a sequence may have
}

/** What every peer is started with: `node bench/peers/<peer>.ts model.gguf [--threads 1] [--context 1024]` */
export function peerArgs(): PeerArgs {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      threads: { type: 'string', default: '1' },
      context: { type: 'string', default: '1024' },
    },
  });
  const [model] = positionals;
  if (model === undefined)
    throw new Error(`usage: ${process.argv[1]} model.gguf [--threads n] [--context n]`);
  return { model, threads: Number(values.threads), context: Number(values.context) };
}
