import type { Message, Tool } from '../../models/prompts/prompt.ts';

const tool = (name: string, description: string | undefined, parameters: Tool['parameters']): Tool => ({
  name,
  ...(description !== undefined && { description }),
  ...(parameters !== undefined && { parameters }),
  strict: false,
});

export const getWeather = tool('get_weather', 'Get weather info for places', {
  type: 'object',
  required: ['city'],
  properties: {
    city: { type: 'string', description: 'The name of the city to get the weather for' },
    metric: {
      type: 'string',
      description: 'The metric for weather. Options are: celsius, fahrenheit',
      default: 'celsius',
    },
  },
});
export const getTime = tool('get_time', undefined, undefined);
export const search = tool('search', 'Searches: "quotes", \\ and\nnew lines, é 🦙', {
  type: 'object',
  properties: {
    query: { type: 'string', enum: ['a "b"', 'c'] },
    'max-results': { type: ['integer', 'null'], minimum: 1.5 },
    filters: { type: 'array', items: { type: 'object', properties: {} } },
  },
  required: [],
  additionalProperties: false,
});
export const codeInterpreter = tool('code_interpreter', 'Runs Python', {
  type: 'object',
  properties: { code: { type: 'string' } },
});

export const call = (name: string, args: unknown, id = 'call_1') => ({
  id,
  name,
  arguments: typeof args === 'string' ? args : JSON.stringify(args),
});

const user = (content: string): Message => ({ role: 'user', content });
const calls = (content: string, ...toolCalls: NonNullable<Message['toolCalls']>): Message => ({
  role: 'assistant',
  content,
  toolCalls,
});
const result = (content: string): Message => ({ role: 'tool', content });

/** Conversations with calls that every official template words: one call a turn, nothing said beside it. */
export const toolConversations: Readonly<Record<string, readonly Message[]>> = {
  'one question': [user(' What is the weather in SF? ')],
  'with a system turn': [{ role: 'system', content: ' Be brief. ' }, user('Weather?')],
  'a call and its result': [
    user('Weather in SF?'),
    calls('', call('get_weather', { city: 'SF', metric: 'celsius' })),
    result('25 C'),
  ],
  'a call without arguments': [user('Time?'), calls('', call('get_time', {})), result('{"h": 12}')],
  'nested arguments': [
    user('Find'),
    calls('', call('search', { query: 'a "b" \\ \n é 🦙', filters: [{}, [], { a: [1, -2.5, true, null] }] })),
    result('[]'),
    { role: 'assistant', content: 'Nothing.' },
    user('Thanks'),
  ],
};
