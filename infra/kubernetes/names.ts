import type { Plan } from '../plan.ts';

/** Everything of a site lies in one namespace, and bears its name. */
export const namespaceOf = ({ site }: Plan): string => `cria-${site.name}`;

/** The Secret with all that the site's secrets name. */
export const secretOf = namespaceOf;

export const labelsOf = (plan: Plan, workload: string) => ({
  'app.kubernetes.io/part-of': namespaceOf(plan),
  'app.kubernetes.io/name': workload,
});

/** Of Kubernetes' own: a whole number of MiB. */
export const quantity = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)}Mi`;
