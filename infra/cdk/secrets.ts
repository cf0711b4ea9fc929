import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { nameOf, type Place } from './place.ts';

/** What Secrets Manager keeps, by the names that the site uses. */
export type Secrets = Readonly<Record<string, ISecret>>;

/**
 * The gateway's keys are made here: a random one, which the output `ReadKeys` says how to read. Others, of the hub or of
 * other servers, only their owner has: they are kept under `cria/<site>/<stage>/<name>` before the stack is deployed, and
 * stay when it goes.
 */
export function secrets(place: Place): Secrets {
  const { scope, plan, stage } = place;
  const made = plan.gateway.secrets.find(({ env }) => env === 'CRIA_KEYS')?.secret;
  return Object.fromEntries(
    plan.secrets.map((name) => [
      name,
      name === made
        ? (new Secret(scope, name, {
            description: `${nameOf(place)}: keys of the gateway's clients, separated by commas`,
            generateSecretString: { passwordLength: 48, excludePunctuation: true },
          }) as ISecret) // their types know no exactOptionalPropertyTypes
        : Secret.fromSecretNameV2(scope, name, `cria/${plan.site.name}/${stage.name}/${name}`),
    ]),
  );
}

/** As Secrets Manager is asked for it. */
export const secretId = ({ secretFullArn, secretName }: ISecret): string => secretFullArn ?? secretName;
