import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ORIGIN_HEADER } from '../../app/gateway/origin-secret.ts';
import { nameOf, type Place } from './place.ts';

/** What Secrets Manager keeps, by the names that the site uses. */
export type Secrets = Readonly<Record<string, ISecret>>;

const RANDOM = { passwordLength: 48, excludePunctuation: true };

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
            generateSecretString: RANDOM,
          }) as ISecret) // their types know no exactOptionalPropertyTypes
        : Secret.fromSecretNameV2(scope, name, `cria/${plan.site.name}/${stage.name}/${name}`),
    ]),
  );
}

/** As Secrets Manager is asked for it. */
export const secretId = ({ secretFullArn, secretName }: ISecret): string => secretFullArn ?? secretName;

/** What CloudFront says to the function behind it: whoever knows the function's own address does not know this. */
export const originSecret = (place: Place): ISecret =>
  new Secret(place.scope, 'OriginSecret', {
    description: `${nameOf(place)}: what CloudFront says to the gateway`,
    generateSecretString: RANDOM,
  }) as ISecret;

/** CloudFormation reads the value when it makes the distribution: it stands in no template. */
export const originHeaders = ({ secretValue }: ISecret): Readonly<Record<string, string>> => ({
  [ORIGIN_HEADER]: secretValue.unsafeUnwrap(),
});
