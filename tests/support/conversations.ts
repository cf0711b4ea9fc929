import type { Message } from '../../models/prompts/prompt.ts';

const system = (content: string): Message => ({ role: 'system', content });
const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });
const tool = (content: string): Message => ({ role: 'tool', content });

/** Conversations of every shape that a template may word in a way of its own. */
export const conversations: Readonly<Record<string, readonly Message[]>> = {
  'one question': [user('Who are you?')],
  'with a system turn': [system('You are X.'), user('Hi')],
  'several turns': [system('S'), user('a'), assistant('b'), user('c'), assistant('d'), user('e')],
  'several turns without a system turn': [user('a'), assistant('b'), user('c')],
  'empty contents': [system(''), user(''), assistant(''), user('')],
  'white space only': [system(' \n'), user('\t \r\n'), assistant('  '), user('\n\n')],
  'white space around': [system('\n S \n'), user('  a\n\n'), assistant('\tb '), user('\r\n c d \v\f')],
  'white space within': [user('a  b\n\n\n  c\t\td\r\ne')],
  'a tool result': [user('a'), assistant('b'), tool('{"c": "25 °C"}'), user('e')],
  'a tool result to be escaped': [user('a'), tool(' "q" \\ \n\t\u0001 é 🦙 ')],
  'a late system turn': [user('a'), system(' b '), user('c')],
  'two system turns': [system('a'), system('b'), user('c')],
  'an assistant first': [assistant('a'), user('b')],
  'an assistant last': [user('a'), assistant('b')],
  'many scripts': [user('你好 สวัสดี مرحبا 👩‍👩‍👧‍👦 e\u0301 \ufeff \u200b')],
  markup: [user('<b>&amp;</b> {{ 7 * 7 }} {% raw %} {# x #} <|x|> [INST] $y `z` \\n "q" \'r\'')],
  thoughts: [user('a'), assistant('<think>why</think>because'), user('b')],
};
