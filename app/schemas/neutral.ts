// Parameters of OpenAI's that we do not serve: the value that asks for nothing passes, any other is refused.
import * as z from 'zod';

const UNSUPPORTED = 'is not supported yet';

/** This value alone. */
export const only = <const T extends string | number | boolean>(value: T) =>
  z.literal(value, { error: `${UNSUPPORTED}, other than ${JSON.stringify(value)}` });

/** These words alone. */
export const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, { error: `${UNSUPPORTED}, other than ${words.join(' or ')}` });

export const emptyList = () => z.array(z.unknown()).max(0, { error: UNSUPPORTED });

export const emptyMap = () =>
  z.record(z.string(), z.unknown()).refine((map) => Object.keys(map).length === 0, { error: UNSUPPORTED });

/** Null, or not there. */
export const absent = () => z.null({ error: UNSUPPORTED }).optional();
