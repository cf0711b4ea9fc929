// Parameters of OpenAI's that we do not serve: the value that asks for nothing passes, any other is refused.
import * as z from 'zod';

const error = 'not supported yet';

/** This value alone. */
export const only = <const T extends string | number | boolean>(value: T) =>
  z.literal(value, { error: `only ${JSON.stringify(value)} is supported so far` });

/** These words alone. */
export const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, { error: `only ${words.join(' or ')} is supported so far` });

export const emptyList = (why = error) => z.array(z.never({ error: why }));

/** Null, or not there. */
export const absent = () => z.null({ error }).optional();
