import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
const AS_THEY_ARE = ['index.html', 'mark.svg', 'favicon.svg'];

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
  await Promise.all(AS_THEY_ARE.map((file) => copyFile(join(HERE, file), join(outdir, file))));
}
