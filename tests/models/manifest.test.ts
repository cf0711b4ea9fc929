import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import { FormatError } from '../../models/errors.ts';
import { parseManifest } from '../../models/manifest.ts';
import { smollm2Path } from '../support/smollm2.ts';

const [smollm2] = CATALOGUE;

describe('parseManifest', () => {
  test('gives a sound entry back', () => {
    expect(parseManifest(structuredClone(smollm2))).toEqual(smollm2);
  });

  const file = smollm2!.files[0]!;
  const files = (change: object) => ({ files: [{ ...file, ...change }] });

  test.each<[string, object, string]>([
    ['a missing id', { id: undefined }, 'id'],
    ['an unknown field', { licenses: [] }, 'licenses'],
    ['a name that leaves its folder', { name: '../../etc' }, 'name'],
    ['a template nobody knows', { template: 'alpaca' }, 'template'],
    ['no file', { files: [] }, 'files'],
    ['a file that leaves its folder', files({ name: '../x.gguf' }), 'files[0].name'],
    ['a file that is hidden', files({ name: '.bashrc' }), 'files[0].name'],
    ['half a hash', files({ sha256: 'abc' }), 'files[0].sha256'],
    ['a size of 0', files({ size: 0 }), 'files[0].size'],
    ['no source', files({ sources: [] }), 'files[0].sources'],
    ['a source nobody knows', files({ sources: [{ type: 'ftp', file: 'x' }] }), 'files[0].sources[0]'],
    [
      'a repository without an owner',
      files({ sources: [{ type: 'hub', repo: 'x', revision: 'y', file: 'z' }] }),
      'files[0].sources[0].repo',
    ],
  ])('refuses %s', (_, change, field) => {
    const entry = { ...smollm2, ...change };
    expect(() => parseManifest(entry)).toThrow(FormatError);
    expect(() => parseManifest(entry)).toThrow(field);
  });
});

describe('the catalogue', () => {
  test('lists every file of its folder, each under its own name', () => {
    const files = readdirSync(new URL('../../models/catalogue/', import.meta.url));
    expect(CATALOGUE.map(({ name }) => `${name}.json`).sort()).toEqual(files.sort());
  });

  test('gives no name to two models', () => {
    const names = CATALOGUE.flatMap(({ id, name, aliases }) => [...new Set([id, name, ...aliases])]);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  });

  test('has the default model byte for byte', () => {
    const bytes = readFileSync(smollm2Path());
    expect(smollm2?.files).toHaveLength(1);
    expect(smollm2?.files[0]).toMatchObject({
      name: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  test('tells users of Llama what its licence wants told', () => {
    const llamas = CATALOGUE.filter(({ id }) => id.startsWith('meta-llama/'));
    expect(llamas).toHaveLength(8);
    for (const { licence } of llamas) {
      expect(licence.name).toBe('Llama 3.2 Community License');
      expect(licence.notice).toMatch(/Built with Llama.*Acceptable Use Policy.*European Union/);
    }
  });

  test('names the quantisation that the file names have', () => {
    for (const { quantisation, files, name } of CATALOGUE) {
      expect(name).toContain(quantisation.toLowerCase());
      for (const file of files) {
        expect(file.name).toContain(quantisation);
        for (const source of file.sources) {
          expect(source.type === 'hub' ? source.file : source.path).toMatch(new RegExp(`(^|/)${file.name}$`));
        }
      }
    }
  });
});

describe('findModel', () => {
  test.each([
    ['HuggingFaceTB/SmolLM2-135M-Instruct', 'smollm2-135m-instruct-q4_1'],
    ['smollm2', 'smollm2-135m-instruct-q4_1'],
    ['meta-llama/Llama-3.2-1B-Instruct', 'llama-3.2-1b-instruct-q4_k_m'],
    ['META-LLAMA/llama-3.2-3b-instruct:q8_0', 'llama-3.2-3b-instruct-q8_0'],
    ['llama-guard3:1b', 'llama-guard-3-1b-q4_k_m'],
  ])('finds %s', (wanted, name) => {
    expect(findModel(wanted).name).toBe(name);
  });

  test('says what there is when there is no such model', () => {
    expect(() => findModel('llama-4')).toThrow(
      /no model 'llama-4'; it has smollm2-135m-instruct-q4_1, llama-3\.2-1b/,
    );
  });
});
