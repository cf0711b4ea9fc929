/**
 * Who may import whom, as a program: `npm test` runs it. Prints every import that its folder forbids.
 *
 *     node scripts/check-imports.ts
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Rule {
  readonly folder: RegExp;
  readonly files: RegExp; // of ours
  readonly packages: RegExp; // of others
}

const NONE = /(?!)/;
const ANY = /./;

/** From the door down to the arithmetic. The first folder that fits is the rule. */
const RULES: readonly Rule[] = [
  { folder: /^(tests|bench|scripts)\//, files: ANY, packages: ANY },
  {
    folder: /^edge\//,
    files: /^(edge|app|engine|models|kernels)\/(?!cli\/)/,
    packages: /^(hono|hono\/serve-static|zod|@cloudflare\/workers-types|cloudflare:workers)$/,
  },
  {
    folder: /^lambda\//,
    files: /^(lambda|app|engine|models|kernels)\//,
    packages: /^(hono|@hono\/node-server|zod|aws4fetch|node:|@opentelemetry\/)/,
  },
  { folder: /^sites\//, files: /^infra\/site\.ts$/, packages: NONE },
  {
    // What a server would read and load, it reads and loads.
    folder: /^infra\/(doctor\/|cli\/doctor-command)/,
    files:
      /^(infra|models|engine)\/|^(lambda\/(env|gateway-env|device)|edge\/env|kernels\/wasm\/relaxed-simd)\.ts$/,
    packages: /^zod$|^node:/,
  },
  {
    // Kubernetes' types are erased before it runs: the package is for development only.
    folder: /^infra\/kubernetes\//,
    files: /^infra\//,
    packages: /^(yaml|cdk8s|constructs)$|^(@kubernetes-models|kubernetes-models)\//,
  },
  {
    // CloudFront says to the gateway what that wants to hear, and where.
    folder: /^infra\/cdk\//,
    files: /^infra\/|^app\/gateway\/origin-secret\.ts$/,
    packages: /^(aws-cdk-lib|constructs|cdk-nag)($|\/)|^node:/,
  },
  {
    // Of the app, only what its gateway is told, how it reads a keys file, what an origin is, and what an error calls a field.
    folder: /^infra\//,
    files:
      /^(infra\/|models\/|app\/(gateway\/schema|access\/access-key|request-settings|field-path|version)\.ts$)/,
    packages: /^(zod|yaml|cdk8s|constructs)$|^node:/,
  },
  { folder: /^web\/build/, files: /^web\//, packages: /^(esbuild$|node:)/ },
  { folder: /^web\//, files: /^web\//, packages: /^(marked|dompurify|diff)$/ },
  {
    folder: /^app\//,
    files: /^(app\/|engine\/(engine|errors|guard\/guard)\.ts$)/,
    packages: /^(hono|zod|ical-generator$|@opentelemetry\/api$)/,
  },
  {
    folder: /^engine\//,
    files: /^(engine\/|models\/(?!cli\/)|kernels\/(kernels|errors)\.ts$)/,
    packages: NONE,
  },
  {
    // Where the command line begins: it knows every command, those of infra too.
    folder: /^models\/cli\/cria\.ts$/,
    files: /^(models|infra)\/cli\//,
    packages: /^node:/,
  },
  { folder: /^models\/cli\//, files: /^(models|kernels)\//, packages: /^(node:|(zod|aws4fetch)$)/ },
  {
    folder: /^models\//,
    files: /^(models\/(?!cli\/)|kernels\/((kernels|errors)\.ts$|quant\/))/,
    packages: /^(zod|@huggingface\/jinja)$/,
  },
  { folder: /^kernels\/quant\//, files: /^kernels\/(quant\/|errors\.ts$)/, packages: NONE },
  { folder: /^kernels\/ref\//, files: /^kernels\/(ref\/|quant\/|(kernels|errors)\.ts$)/, packages: NONE },
  { folder: /^kernels\/wasm\//, files: /^kernels\/(wasm\/|quant\/|(kernels|errors)\.ts$)/, packages: NONE },
  { folder: /^kernels\//, files: /^kernels\/((kernels|errors)\.ts$|quant\/)/, packages: NONE },
];

/** A statement at the start of a line, or a call. */
const IMPORT = /(?:^(?:import|export)\b(?:[^'"`;]*\bfrom)?\s*|\bimport\()'([^']+)'/gm;

/** Every import in `source` that its folder forbids, as a sentence each. */
export function breaches(file: string, source: string): string[] {
  const rule = RULES.find(({ folder }) => folder.test(file));
  if (!rule) return file.includes('/') ? [`${file}: in no known folder`] : [];

  return [...source.matchAll(IMPORT)].flatMap(([, name]) => {
    const ours = name!.startsWith('.');
    const target = ours ? join(dirname(file), name!) : name!;
    return (ours ? rule.files : rule.packages).test(target) ? [] : [`${file} may not import ${target}`];
  });
}

if (import.meta.main) {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
    encoding: 'utf8',
  });
  const found = files
    .trim()
    .split('\n')
    .flatMap((file) => breaches(file, readFileSync(file, 'utf8')));
  for (const breach of found) console.error(breach);
  process.exit(found.length === 0 ? 0 : 1);
}
