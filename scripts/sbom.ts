/**
 * What the image is made of: a CycloneDX list of the production packages, from package-lock.json.
 *
 *     node scripts/sbom.ts --out sbom.cdx.json
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..');
const HELP = `node scripts/sbom.ts [--out <file>]

Writes a CycloneDX list of the production packages of a Linux image to a file, or to standard output.
`;

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(), // where it is not that of the folder
      version: z.string(),
      dev: z.boolean().default(false),
      os: z.array(z.string()).optional(),
    }),
  ),
});
const Component = z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string() });
const Bom = z.looseObject({
  metadata: z.looseObject({ component: z.looseObject({ 'bom-ref': z.string() }) }),
  components: z.array(Component),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});
export type Bom = z.infer<typeof Bom>;

/**
 * npm's own list, less what is only for development or for other systems. `npm sbom --omit=dev` is no help: it leaves out
 * what production and development both need, zod among others.
 */
export function productionBom(): Bom {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const bom = Bom.parse(
    JSON.parse(execFileSync('npm', args, { cwd: ROOT, maxBuffer: 2 ** 28, encoding: 'utf8' })),
  );
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));

  const needed = new Set<string>();
  for (const [path, { name, version, dev, os }] of Object.entries(packages))
    if (path !== '' && !dev && (os?.includes('linux') ?? true))
      needed.add(
        `${name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`,
      );

  const components = bom.components.filter((one) => needed.has(`${one.name}@${one.version}`));
  const kept = new Set([bom.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ dependsOn, ...rest }) => ({ ...rest, dependsOn: dependsOn.filter((ref) => kept.has(ref)) }));
  return { ...bom, components, dependencies };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { help: { type: 'boolean' }, out: { type: 'string' } } });
  const text = values.help ? HELP : `${JSON.stringify(productionBom(), null, 2)}\n`;
  if (values.out !== undefined && !values.help) writeFileSync(values.out, text);
  else process.stdout.write(text);
}
