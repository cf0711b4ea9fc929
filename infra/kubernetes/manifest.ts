import type { ApiObjectMetadata } from 'cdk8s';

/** One object of Kubernetes'. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ApiObjectMetadata & { readonly name: string };
  readonly spec?: unknown;
}
