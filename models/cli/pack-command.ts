import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createWasmDevice } from '../../kernels/wasm/device.ts';
import { kernelFile } from '../../kernels/wasm/relaxed-simd.ts';
import { findModel } from '../catalogue.ts';
import { IntegrityError } from '../errors.ts';
import { PACKED_MANIFEST } from '../packed/manifest.ts';
import { pack } from '../packed/pack.ts';
import type { Command } from './command.ts';
import { SourceError, UsageError } from './errors.ts';
import { jsonReporter } from './events.ts';
import { type FileSource, openFileSource } from './file-source.ts';
import { criaHome, packedFolder } from './home.ts';
import { nodeHasher } from './node-hasher.ts';
import { filePath } from './pull.ts';
import { reporterFor } from './pull-command.ts';

const HELP = `cria pack <model | file.gguf> [--out folder] [--json]

Writes a model's weights once more, in the layout that the WASM kernels compute on: loading is then a copy, and no file
is larger than wrangler uploads to R2. The server and the Worker load the packed form of a model where there is one.

  --out    where to; by default 'packed' beside a model of the catalogue, and <file>.packed beside a file
  --json   one JSON object a line, instead of text

  CRIA_HOME   where weights are kept; ~/.cache/cria when unset

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** What is packed, and where to. */
interface Job {
  readonly path: string;
  readonly out: string;
  readonly sha256: string | undefined;
}

export const packCommand: Command = {
  summary: 'write a model in the layout the kernels use, to load faster',
  help: HELP,
  async run(args, shell) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { out: { type: 'string' }, json: { type: 'boolean' } },
    });
    const [model] = positionals;
    if (model === undefined || positionals.length > 1)
      throw new UsageError(`pack takes one model, not ${positionals.length}`);

    const { environment, signal, terminal } = shell;
    const { path, sha256, out } = jobOf(model, criaHome(environment), values.out);
    const report = values.json ? jsonReporter(terminal) : reporterFor(shell);
    const began = terminal.now();
    await using source = await openPulled(path, model);
    const device = createWasmDevice(await kernels(), 'wasm');
    const file = basename(path);
    report({ event: 'packing', file, layout: device.layout });

    await mkdir(out, { recursive: true });
    await rm(join(out, PACKED_MANIFEST), { force: true }); // until it is back, there is no packed model
    const { tokenizer, shards } = await pack(device, source, {
      createHasher: nodeHasher,
      write: (name, offset, bytes) => (offset === 0 ? writeFile : appendFile)(join(out, name), bytes),
      onProgress(done, total) {
        signal.throwIfAborted();
        report({ event: 'progress', file, done, total });
      },
      onHash(actual) {
        if (sha256 !== undefined && actual !== sha256) throw new IntegrityError(file, sha256, actual);
      },
    });
    report({
      event: 'packed',
      path: out,
      files: 2 + shards.length,
      bytes: [tokenizer.file, ...shards].reduce((sum, { size }) => sum + size, 0),
      seconds: (terminal.now() - began) / 1000,
    });
  },
};

function jobOf(model: string, home: string, out: string | undefined): Job {
  if (/\.gguf$/i.test(model))
    return { path: model, out: resolve(out ?? model.replace(/\.gguf$/i, '.packed')), sha256: undefined };
  const entry = findModel(model);
  const file = entry.files[0]!;
  return {
    path: filePath(home, entry, file),
    out: resolve(out ?? packedFolder(home, entry)),
    sha256: file.sha256,
  };
}

async function openPulled(path: string, model: string): Promise<FileSource> {
  return openFileSource(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || path === model) throw error;
    throw new SourceError(`${path} is missing: run 'cria pull ${model}' first`);
  });
}

async function kernels(): Promise<WebAssembly.Module> {
  const { file } = kernelFile();
  return WebAssembly.compile(await readFile(new URL(`../../kernels/wasm/${file}`, import.meta.url)));
}
