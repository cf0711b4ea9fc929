/**
 * What CloudFormation knows of each resource type, as the pinned CLI brings it: `@aws-cdk/aws-service-spec` is a version
 * behind, and without the Web Function.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  emptyDatabase,
  type PropertyType,
  type Resource,
  type TypeDefinition,
} from '@aws-cdk/service-spec-types';

export type DefinitionReference = Extract<PropertyType, { readonly type: 'ref' }>;

export interface ServiceSpec {
  /** Undefined for a type CloudFormation does not have. */
  readonly resource: (type: string) => Resource | undefined;
  readonly definition: (reference: DefinitionReference) => TypeDefinition;
}

/** Types that others define: nothing is known of their properties. */
export const isCustom = (type: string): boolean =>
  type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';

let loaded: Promise<ServiceSpec> | undefined;

/** Takes a second the first time. */
export function serviceSpec(): Promise<ServiceSpec> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<ServiceSpec> {
  const cli = dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json'));
  const bytes = await promisify(gunzip)(await readFile(join(cli, 'db.json.gz')));
  const database = emptyDatabase();
  database.load(JSON.parse(bytes.toString()));
  return {
    resource: (type) => database.lookup('resource', 'cloudFormationType', 'equals', type)[0],
    definition: ({ reference }) => database.get('typeDefinition', reference),
  };
}
