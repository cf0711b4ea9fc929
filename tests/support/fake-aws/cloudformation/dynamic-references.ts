/** `{{resolve:secretsmanager:…}}` in a template: CloudFormation reads the value while it makes the resource, and keeps it nowhere. */
import { validationError } from '../errors.ts';
import { isObject, type Json } from '../json.ts';
import type { SecretStore } from '../secrets-manager.ts';

const REFERENCE = /\{\{resolve:([^}]*)\}\}/g;
const SECRET = /^secretsmanager:(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+|[^:]+):SecretString:::$/;

/**
 * A resource's properties as its service gets them.
 *
 * Throws   AwsError where there is no such secret, or where something else of it is asked for than the whole
 */
export function withSecrets(value: Json, secrets: SecretStore): Json {
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, secrets));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, withSecrets(inner, secrets)]),
    );
  if (typeof value !== 'string') return value;
  return value.replace(REFERENCE, (_, reference: string) => {
    const [, id] = SECRET.exec(reference) ?? [];
    if (id === undefined) throw validationError(`Invalid dynamic reference ${reference}`);
    return secrets.get(id).value;
  });
}
