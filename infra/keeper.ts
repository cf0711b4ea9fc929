/** Which of the servers does what only one can do. */
import type { Site } from './site.ts';
import type { Workload } from './workload.ts';

const canKeep = ({ kind, replicas }: Workload): boolean => kind !== 'gpu' && replicas.max === 1;
const canJudge = ({ env }: Workload): boolean => env.CRIA_GUARD !== undefined;

/** Who keeps files, responses, conversations and batches: the one the site names, or the first that can. */
export function keeperOf(site: Site, serving: readonly Workload[], problems: string[]): string | undefined {
  if (site.keeper === undefined) return serving.find(canKeep)?.name;
  const named = serving.find(({ name }) => name === site.keeper);
  if (named === undefined || !canKeep(named))
    problems.push(
      `keeper: '${site.keeper}' cannot keep anything: name a model with engine edge or node, and replicas: 1`,
    );
  return site.keeper;
}

/** Who answers moderations and shields: the one the site names, or the first with a guard. */
export function judgeOf(site: Site, serving: readonly Workload[], problems: string[]): string | undefined {
  if (site.judge === undefined) return serving.find(canJudge)?.name;
  const named = serving.find(({ name }) => name === site.judge);
  if (named === undefined || !canJudge(named))
    problems.push(`judge: '${site.judge}' cannot judge: name a model that has a guard`);
  return site.judge;
}
