import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { SiteError } from './errors.ts';
import { parseSite, type Site } from './site.ts';

const MAX_BYTES = 1 << 20;

/** Reads a site from .yaml, .yml, .json, or from the default export of a .ts file. Throws SiteError. */
export async function readSite(file: string): Promise<Site> {
  return parseSite(await contentOf(file), file);
}

async function contentOf(file: string): Promise<unknown> {
  const ending = extname(file);
  if (!['.ts', '.yaml', '.yml', '.json'].includes(ending))
    throw new SiteError(file, ['a site is a .yaml, .json or .ts file']);
  try {
    if (!(await isFile(file))) throw new Error('there is no such file');
    return ending === '.ts' ? await defaultExport(file) : await parsed(file);
  } catch (error) {
    throw new SiteError(file, [(error as Error).message.trimEnd()]);
  }
}

async function defaultExport(file: string): Promise<unknown> {
  const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(file)).href);
  if (module.default === undefined)
    throw new Error('it has no default export: write `export default defineSite({ … })`');
  return module.default;
}

async function parsed(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  if (text.length > MAX_BYTES) throw new Error(`it has ${text.length} characters, the limit is ${MAX_BYTES}`);
  return parse(text, { maxAliasCount: 100 }); // JSON is YAML
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
