import { expect, test } from 'vitest';
import { strftime } from '../../../models/prompts/strftime.ts';

test.each([
  ['%d %b %Y', '26 Jul 2024', '26 Jul 2024'],
  ['%A, %B %d, %Y', '26 Jul 2024', 'Friday, July 26, 2024'],
  ['%a %y-%m-%d %H:%M:%S %I%p 100%%', '1 Jan 2000', 'Sat 00-01-01 00:00:00 12AM 100%'],
  ['%d %Q', '29 Feb 2028', '29 %Q'],
  ['%Y', 'a day like any other', 'a day like any other'],
  ['%Y', '26 Foo 2024', '26 Foo 2024'],
])('strftime(%j, %j) is %j', (format, date, text) => {
  expect(strftime(format, date)).toBe(text);
});
