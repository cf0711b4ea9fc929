/** What the recital is made to say, and what comes of it. */
import * as z from 'zod';
import { CATALOGUE } from '../../../models/catalogue.ts';
import { checkedFetch } from '../../support/check-reply.ts';
import type { Door } from '../contract.ts';

export const MODEL = CATALOGUE[0]!.id;

/** A conversation in which the model says these, turn by turn. */
export const says = (...turns: string[]) => [{ role: 'user' as const, content: turns.join('\n') }];

/** A tool, its call as Llama 3.2 writes one, and a turn that says what came of it. */
export const CITY = z.object({ city: z.string() });
export const weather = ({ city }: { city: string }) => `22 C in ${city}`;
export const asksForWeather = says('[get_weather(city="Paris")]', 'I hear: {last}');
export const HEARD = 'I hear: 22 C in Paris';

/** An object that a reply is held to. */
export const LLAMA = z.object({
  name: z.string(),
  age: z.number(),
  colours: z.array(z.enum(['brown', 'white'])),
});
/** As short as any that fits, so that a model that rambles still comes to an end. */
export const SHORT_LLAMA = z.object({
  name: z.string().max(12),
  age: z.int().min(0).max(40),
  woolly: z.boolean(),
});
export const JANE = { name: 'Jane', age: 3, colours: ['brown'] };
export const saysJane = says(JSON.stringify(JANE));

/** What OpenAI's clients are made of, and those built on them. */
export const clientOptions = ({ url }: Door) => ({
  apiKey: 'none',
  baseURL: new URL('/v1', url).href,
  fetch: checkedFetch,
});
