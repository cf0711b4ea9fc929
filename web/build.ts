import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
const AS_THEY_ARE = ['mark.svg', 'favicon.svg', '_headers'];
const INCLUDE = /^ *<!-- include (\S+\.html) -->\n/gm;

/** Builds the playground into `outdir`: index.html and, beside it, main.js, style.css and two images. */
export async function buildWeb(outdir: string): Promise<void> {
  await mkdir(outdir, { recursive: true });
  await build({
    entryPoints: [join(HERE, 'main.ts'), join(HERE, 'style.css')],
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome117', 'firefox119', 'safari17.4'], // the newest things used: toSorted, :modal, text-wrap
    logLevel: 'warning',
  });
  await writeFile(join(outdir, 'index.html'), await pageWithParts());
  await Promise.all(AS_THEY_ARE.map((file) => copyFile(join(HERE, file), join(outdir, file))));
}

/** index.html with each page's own HTML, which stands beside its script, in its place. */
async function pageWithParts(): Promise<string> {
  const index = await readFile(join(HERE, 'index.html'), 'utf8');
  const parts = new Map<string, string>();
  for (const [, file] of index.matchAll(INCLUDE)) parts.set(file!, await readFile(join(HERE, file!), 'utf8'));
  return index.replace(INCLUDE, (_, file: string) => parts.get(file)!);
}
