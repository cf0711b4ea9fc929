import { ACCOUNT } from './cloudformation/pseudo-parameters.ts';
import type { KeyRing } from './credentials.ts';
import { AwsError } from './errors.ts';
import { queryService, type Service } from './protocol.ts';

/** `roleExists` is asked with the name at the end of a role's ARN. */
export function sts(keys: KeyRing, roleExists: (name: string) => boolean): Service {
  return queryService(
    {
      GetCallerIdentity: () => ({
        Arn: `arn:aws:iam::${ACCOUNT}:user/administrator`,
        UserId: 'AIDAFAKE',
        Account: ACCOUNT,
      }),
      AssumeRole(parameters) {
        const arn = parameters.get('RoleArn') ?? '';
        if (!roleExists(arn.split('/').at(-1)!))
          throw new AwsError(
            'AccessDenied',
            `User is not authorized to perform: sts:AssumeRole on ${arn}`,
            403,
          );
        const { accessKeyId, secretAccessKey, sessionToken } = keys.issue();
        return {
          Credentials: {
            AccessKeyId: accessKeyId,
            SecretAccessKey: secretAccessKey,
            SessionToken: sessionToken,
            Expiration: '2099-01-01T00:00:00Z',
          },
          AssumedRoleUser: { Arn: arn, AssumedRoleId: `AROAFAKE:${parameters.get('RoleSessionName')}` },
        };
      },
    },
    (action) => new AwsError('InvalidAction', `STS: ${action}`),
  );
}
