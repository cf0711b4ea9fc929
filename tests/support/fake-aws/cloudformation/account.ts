/** What an account holds beside its stacks, and what a test may do to it. */
import type { EcrRegistry } from '../ecr.ts';
import type { EcsClusters } from '../ecs.ts';
import type { S3Store } from '../s3-store.ts';
import type { SecretStore } from '../secrets-manager.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { ParameterStore } from '../ssm.ts';

export type Action = 'create' | 'update' | 'delete';

export interface Account {
  readonly spec: ServiceSpec;
  readonly s3: S3Store;
  readonly ssm: ParameterStore;
  readonly ecr: EcrRegistry;
  readonly ecs: EcsClusters;
  readonly secrets: SecretStore;
  /** `<type> <physical id>` of everything that stands, what a stack left behind included. */
  readonly taken: Set<string>;
  /** The value of what some stack exports. */
  readonly exported: (name: string) => string | undefined;
  /** Why the next attempt at this has to fail. */
  readonly failure: (action: Action, logicalId: string) => string | undefined;
  readonly nowMs: () => number;
  readonly nextSerial: () => number;
}
