import { readFile } from 'node:fs/promises';
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
  try {
    switch (extname(file)) {
      case '.ts':
        return ((await import(pathToFileURL(resolve(file)).href)) as { default: unknown }).default;
      case '.yaml':
      case '.yml':
      case '.json': {
        const text = await readFile(file, 'utf8');
        if (text.length > MAX_BYTES)
          throw new Error(`it has ${text.length} characters, the limit is ${MAX_BYTES}`);
        return parse(text, { maxAliasCount: 100 }); // JSON is YAML
      }
    }
  } catch (error) {
    throw new SiteError(file, [(error as Error).message.trimEnd()]);
  }
  throw new SiteError(file, ['a site is a .yaml, .json or .ts file']);
}
