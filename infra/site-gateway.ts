/** A site's one door: where it listens, who comes in, and how large a request may be. */
import * as z from 'zod';
import { Limits } from '../app/access/access-key.ts';
import { isOrigin } from '../app/request-settings.ts';
import { bytes, label, port, secretName } from './site-fields.ts';

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  /** Clients bring one of the keys in this secret, which are separated by commas. */
  z.strictObject({ type: z.literal('bearer'), secret: secretName.default('CRIA_KEYS') }),
]);

/** How large a request may be, at the gateway and at the servers behind it. docs/access.md explains each. */
const limits = z.strictObject({
  /** Bytes of a request. */
  body: bytes
    .pipe(
      z
        .int()
        .min(1024, 'write 1KiB or more')
        .max(2 ** 30, 'write 1GiB or less'),
    )
    .default(2 ** 20),
  /** Messages of a conversation. */
  messages: z.int().min(1).max(2048).optional(),
  /** Characters of one message, prompt or input. By default as many as `body` has bytes. */
  text: z
    .int()
    .min(1)
    .max(2 ** 30)
    .optional(),
  /** Tokens of a reply. By default what the context has room for. */
  replyTokens: z.int().min(1).max(131_072).optional(),
  /** Images of a request. By default 16. */
  images: z.int().min(0).max(256).optional(),
  /** Until an answer begins. */
  timeoutSeconds: z.int().positive().max(300).default(300),
  /** Of each key without limits of its own, and of each address where there are no keys. */
  ...Limits.shape,
});

export const gateway = z.strictObject({
  /** Where it listens on a single node. 0.0.0.0 lets other machines in, which auth must then guard. */
  listen: z.string().min(1).default('127.0.0.1'),
  port: port.default(8780),
  /** The names clients use for it: HTTPRoute's hostnames. */
  hosts: z.array(z.hostname('write a host name: llm.example.com')).default([]),
  /** The Gateway of Gateway API that its HTTPRoute belongs to, on Kubernetes. */
  parent: z.strictObject({ name: label, namespace: label.optional() }).default({ name: 'gateway' }),
  /** bearer, unless it listens for this machine alone. */
  auth: auth.optional(),
  limits: limits.prefault({}),
  /** Origins whose pages may ask besides its own, or `*`. By default all where keys are asked for, else none. */
  cors: z
    .array(
      z
        .string()
        .refine((text) => text === '*' || isOrigin(text), 'write an origin, https://app.example.org, or *'),
    )
    .max(64)
    .default([]),
  /** Hosts that models on cards may fetch images of requests from, over https. Elsewhere images come with the request. */
  imageHosts: z.array(z.hostname('write a host name: images.example.com')).max(64).default([]),
  /** Proxies of yours before it, beside those that the setup has: each adds to X-Forwarded-For who asked it. */
  proxies: z.int().min(0).max(6).default(0),
  replicas: z.int().min(1).max(64).default(1),
});
