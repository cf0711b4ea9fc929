import { createHash } from 'node:crypto';
import { AwsError } from './errors.ts';
import { jsonService, type Service } from './protocol.ts';

export interface SecretStore {
  readonly put: (arn: string, value: string) => void;
  /** By ARN, or by the name in it. Throws AwsError. */
  readonly get: (nameOrArn: string) => { readonly arn: string; readonly value: string };
  readonly delete: (arn: string) => void;
}

const nameOf = (arn: string): string => arn.split(':').slice(6).join(':');

export function secretStore(): SecretStore {
  const secrets = new Map<string, string>();
  return {
    put: (arn, value) => void secrets.set(arn, value),
    get(nameOrArn) {
      const found = [...secrets].find(([arn]) => arn === nameOrArn || nameOf(arn) === nameOrArn);
      if (!found)
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      return { arn: found[0], value: found[1] };
    },
    delete: (arn) => void secrets.delete(arn),
  };
}

/** What is generated for a secret that a template leaves open: another for each, of the length that is asked for. */
export function generatedSecret(arn: string, length: number): string {
  const digest = createHash('sha512').update(arn).digest('hex');
  return digest.repeat(Math.ceil(length / digest.length)).slice(0, length);
}

export function secretsManager(store: SecretStore): Service {
  return jsonService(
    {
      GetSecretValue({ SecretId }) {
        const { arn, value } = store.get(String(SecretId));
        return { ARN: arn, Name: nameOf(arn), SecretString: value, VersionStages: ['AWSCURRENT'] };
      },
    },
    (action) => new AwsError('UnknownOperationException', `Secrets Manager: ${action}`),
  );
}
