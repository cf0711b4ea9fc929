/** Which form of a model is loaded, what is checked, and that nothing stays open. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { findModel } from '../../models/catalogue.ts';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { IntegrityError } from '../../models/errors.ts';
import { loadEntry } from '../../models/load-entry.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { OpenFile } from '../../models/source.ts';
import { relaxed } from '../support/backends.ts';
import { type Files, openIn, packInMemory } from '../support/packed.ts';
import { smollm2Path } from '../support/smollm2.ts';

const entry = findModel('smollm2');
const FILE = entry.files[0]!.name;
const options = { kvType: 'f16', maxRows: 8, maxLogitRows: 1, contextLength: 64 } as const;

let gguf: Uint8Array;
let packed: Files;
beforeAll(async () => {
  gguf = new Uint8Array(readFileSync(smollm2Path())); // slices of a Buffer would be views
  packed = new Map(
    [...(await packInMemory(relaxed.create(), smollm2Path()))].map(([name, bytes]) => [
      `packed/${name}`,
      bytes,
    ]),
  );
});

/** Loads from files in memory; says which were opened. All are closed again, however it ends. */
async function load(files: ReadonlyMap<string, Uint8Array>, manifest: Manifest = entry): Promise<string[]> {
  const opened: string[] = [];
  let open = 0;
  const openFile: OpenFile = async (name) => {
    const source = await openIn(files)(name);
    if (source === undefined) return undefined;
    opened.push(name);
    open++;
    return { ...source, [Symbol.asyncDispose]: async () => void open-- };
  };
  try {
    const { tokenizer } = await loadEntry(relaxed.create(), manifest, openFile, nodeHasher, options);
    expect(tokenizer.vocabSize).toBe(49_152);
  } finally {
    expect(open).toBe(0);
  }
  return opened;
}

test('the GGUF is loaded where it is alone', async () => {
  expect(await load(new Map([[FILE, gguf]]))).toEqual([FILE]);
});

test('the packed form comes first', async () => {
  const shards = [
    'packed/manifest.json',
    'packed/tokenizer.safetensors',
    'packed/weights-1-of-1.safetensors',
  ];
  expect(await load(new Map([[FILE, gguf], ...packed]))).toEqual(shards);
});

test('the packed tokenizer is the same tokenizer', async () => {
  const tokenizerOf = async (files: Files) =>
    (await loadEntry(relaxed.create(), entry, openIn(files), nodeHasher, options)).tokenizer;
  const [a, b] = [await tokenizerOf(new Map([[FILE, gguf]])), await tokenizerOf(packed)];
  const text = 'Naïve cafés 東京 🦙\r\n\tlet x = 12345; // <|im_end|> ÿ\u0000';
  const segments = [{ control: '<|im_start|>' }, { text }];
  expect(b.encode(text)).toEqual(a.encode(text));
  expect(b.encodeSegments(segments)).toEqual(a.encodeSegments(segments));
  for (let id = 0; id < a.vocabSize; id++) expect(Buffer.compare(b.bytes(id), a.bytes(id))).toBe(0);
  const facts = ({ vocabSize, bosId, eosId, addBos, stopIds, special }: typeof a) => ({
    ...{ vocabSize, bosId, eosId, addBos, stopIds, special },
  });
  expect(facts(b)).toEqual(facts(a));
});

test('without either it says which file is missing', async () => {
  await expect(load(new Map())).rejects.toThrow(`${FILE}: byte 0: there is no such file, and no packed form`);
});

test.each(['the header', 'a weight', 'the last byte'])(
  'one wrong bit in %s of the GGUF is seen',
  async (where) => {
    const wrong = gguf.slice();
    wrong[{ 'the header': 40, 'a weight': 60_000_000, 'the last byte': gguf.length - 1 }[where]!]! ^= 1;
    await expect(load(new Map([[FILE, wrong]]))).rejects.toThrow(
      where === 'the header' ? Error : IntegrityError,
    );
  },
);

test('what was packed from another file is refused', async () => {
  const sha256 = createHash('sha256').update('another').digest('hex');
  const other = { ...entry, files: [{ ...entry.files[0]!, sha256 }] };
  await expect(load(packed, other)).rejects.toThrow(`packed from: sha256 is ${entry.files[0]!.sha256}`);
});
