import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Gguf, readGguf } from '../gguf/gguf.ts';
import type { GgufValue } from '../gguf/metadata.ts';
import { PACKED_MANIFEST, type PackedManifest, readPackedManifest } from '../packed/manifest.ts';
import { type Command, table } from './command.ts';
import { UsageError } from './errors.ts';
import { openFileSource } from './file-source.ts';

const HELP = `cria inspect <file.gguf | packed folder> [--json]

Prints the metadata and the tensors of a GGUF file; reads its header only. Of a packed model: what its manifest says.

  --json   {"metadata": {…}, "tensors": […]}, with every array in full; of a packed model, its manifest
`;

const MAX_TEXT = 100; // characters of a value shown; a chat template has thousands
const MAX_ITEMS = 6; // of an array; a vocabulary has 128,256

export const inspectCommand: Command = {
  summary: 'print the header of a GGUF file, or what a packed model is made of',
  help: HELP,
  async run(args, { terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    });
    const [path] = positionals;
    if (path === undefined || positionals.length > 1)
      throw new UsageError(`inspect takes one file, not ${positionals.length}`);

    if ((await stat(path)).isDirectory()) {
      await using source = await openFileSource(join(path, PACKED_MANIFEST));
      const packed = await readPackedManifest(source);
      terminal.write(values.json ? `${JSON.stringify(packed)}\n` : packedToText(packed));
      return;
    }
    await using source = await openFileSource(path);
    const gguf = await readGguf(source);
    terminal.write(values.json ? toJson(gguf) : toText(gguf));
  },
};

function toJson({ metadata, tensors }: Gguf): string {
  const pairs = metadata.keys.map((key) => [key, plain(metadata.value(key)!)]);
  return `${JSON.stringify({ metadata: Object.fromEntries(pairs), tensors: [...tensors.values()] })}\n`;
}

function toText({ metadata, tensors }: Gguf): string {
  const rows = [...tensors.values()].map(({ name, type, shape, offset, bytes }) => [
    name,
    type,
    shape.join(' × '),
    offset,
    bytes,
  ]);
  const total = [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    table(metadata.keys.map((key) => [key, brief(metadata.value(key)!)])),
    table([['TENSOR', 'TYPE', 'SHAPE', 'OFFSET', 'BYTES'], ...rows]),
    `${tensors.size} tensors, ${total} bytes\n`,
  ].join('\n');
}

function packedToText({ layout, from, tokenizer, shards }: PackedManifest): string {
  return [
    `${from.name}, packed as ${layout}\n`,
    table([
      ['FILE', 'BYTES', 'SHA256'],
      ...[tokenizer.file, ...shards].map(({ name, size, sha256 }) => [name, size, sha256]),
    ]),
  ].join('\n');
}

/** Arrays of any kind as lists, so that JSON shows them as such. */
function plain(value: GgufValue): unknown {
  return typeof value === 'object' ? [...value] : value;
}

function brief(value: GgufValue): string {
  if (typeof value === 'string') return shorten(JSON.stringify(value));
  if (typeof value !== 'object') return String(value);
  const length = Math.min(value.length, MAX_ITEMS);
  const items = Array.from({ length }, (_, i) => JSON.stringify(value.at(i))).join(', ');
  return shorten(value.length > MAX_ITEMS ? `[${items}, …] ${value.length} items` : `[${items}]`);
}

const shorten = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);
