/** A site's one door: where it listens, who comes in, and how large a request may be. */
import * as z from 'zod';
import { Limits } from '../app/access/access-key.ts';
import { bytes, label, port, secretName } from './site-fields.ts';

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  /** Clients bring one of the keys in this secret, which are separated by commas. */
  z.strictObject({ type: z.literal('bearer'), secret: secretName.default('CRIA_KEYS') }),
]);

export const gateway = z.strictObject({
  /** Where it listens on a single node. 0.0.0.0 lets other machines in, which auth must then guard. */
  listen: z.string().min(1).default('127.0.0.1'),
  port: port.default(8780),
  /** The names clients use for it: HTTPRoute's hostnames. */
  hosts: z.array(z.hostname()).default([]),
  /** The Gateway of Gateway API that its HTTPRoute belongs to, on Kubernetes. */
  parent: z.strictObject({ name: label, namespace: label.optional() }).default({ name: 'gateway' }),
  /** bearer, unless it listens for this machine alone. */
  auth: auth.optional(),
  limits: z
    .strictObject({
      body: bytes.default(2 ** 20),
      timeoutSeconds: z.int().positive().max(300).default(300),
      /** Of each key without limits of its own, and of each address where there are no keys. */
      ...Limits.shape,
    })
    .prefault({}),
  replicas: z.int().min(1).max(64).default(1),
});
