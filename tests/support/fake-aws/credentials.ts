import { AwsError } from './errors.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface KeyRing {
  /** The account's administrator. */
  readonly root: Credentials;
  readonly issue: () => Credentials;
  /** Throws   AwsError for a key nobody was given */
  readonly secretOf: (accessKeyId: string) => string;
}

export function keyRing(): KeyRing {
  const root = { accessKeyId: 'AKIAFAKEADMINISTRATOR', secretAccessKey: 'fake-secret-of-the-administrator' };
  const secrets = new Map([[root.accessKeyId, root.secretAccessKey]]);
  return {
    root,
    issue() {
      const accessKeyId = `ASIAFAKE${secrets.size}`;
      const secretAccessKey = `fake-secret-${secrets.size}`;
      secrets.set(accessKeyId, secretAccessKey);
      return { accessKeyId, secretAccessKey, sessionToken: `fake-session-${secrets.size}` };
    },
    secretOf(accessKeyId) {
      const secret = secrets.get(accessKeyId);
      if (secret === undefined)
        throw new AwsError(
          'InvalidClientTokenId',
          'The security token included in the request is invalid.',
          403,
        );
      return secret;
    },
  };
}
