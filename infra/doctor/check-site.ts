import { totalmem } from 'node:os';
import { memoryText } from '../bytes.ts';
import { PlanError, SiteError } from '../errors.ts';
import { plan } from '../plan.ts';
import { readSite } from '../read-site.ts';
import { whyTaken } from '../single-node/free-port.ts';
import type { Finding } from './finding.ts';

export interface SiteCheck {
  readonly findings: readonly Finding[];
  /** Models of the catalogue that it serves, guards too. */
  readonly models: readonly string[];
}

/** Whether a site can be, and on this machine. Throws what is no SiteError or PlanError. */
export async function checkSite(file: string, environment: NodeJS.ProcessEnv): Promise<SiteCheck> {
  const finding = (level: Finding['level'], what: string, advice?: string): Finding => ({
    ...{ about: 'site', level, what },
    ...(advice === undefined ? {} : { advice }),
  });
  try {
    const planned = plan(await readSite(file));
    const needed = planned.workloads.reduce(
      (sum, { memory, replicas }) => sum + memory * Math.max(1, replicas.min),
      0,
    );
    const models = [...new Set(planned.workloads.flatMap(({ weights }) => weights))];
    const size = `${file}: ${planned.workloads.length} programs, up to ${memoryText(needed)} of memory`;
    if (planned.site.setup !== 'single-node') return { findings: [finding('ok', size)], models };

    const missing = planned.secrets.filter((name) => !environment[name]);
    const taken = await Promise.all(
      planned.workloads.map(({ kind, port }) =>
        whyTaken(kind === 'gateway' ? planned.site.gateway.listen : '127.0.0.1', port),
      ),
    );
    const findings = [
      needed > totalmem()
        ? finding(
            'problem',
            `${size}, and this machine has ${memoryText(totalmem())}`,
            'lower context, concurrency or prefixCache of a model, or take a smaller one',
          )
        : finding('ok', size),
      ...missing.map((name) => finding('problem', `the secret ${name} is not set`, `export ${name}=…`)),
      ...taken
        .filter((one) => one !== undefined)
        .map((one) =>
          finding(
            'warning',
            one,
            `the site may run already: npm run cria -- down ${file}; else take another port`,
          ),
        ),
    ];
    return { findings, models };
  } catch (error) {
    if (!(error instanceof SiteError || error instanceof PlanError)) throw error;
    const findings = error.problems.map((problem) =>
      finding('problem', problem, `correct it in ${file}: docs/deploy.md`),
    );
    return { findings, models: [] };
  }
}
