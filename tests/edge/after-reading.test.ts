import { expect, test } from 'vitest';
import { afterReading } from '../../edge/after-reading.ts';
import { endlessBody } from '../support/endless-body.ts';

const refusal = new Response('', { status: 413 });
const post = (body: BodyInit) =>
  new Request('http://cria/', { method: 'POST', body, duplex: 'half' } as RequestInit);

test('what an answer has left unread is read before it goes out', async () => {
  const request = post('a'.repeat(1000));
  expect(await afterReading(request, refusal)).toBe(refusal);
  expect(request.bodyUsed).toBe(true);
});

test('a body without end is read no further than 64 MiB, and its sender is told', async () => {
  const { stream, sent, cancelled } = endlessBody(1 << 20);
  expect(await afterReading(post(stream), refusal)).toBe(refusal);
  expect(sent()).toBeGreaterThanOrEqual(64 << 20);
  expect(sent()).toBeLessThan(80 << 20);
  expect(cancelled()).toBe(true);
});

test('who has left gets no other answer, and what was read is not read again', async () => {
  const left = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
  expect(await afterReading(post(left), refusal)).toBe(refusal);

  const read = post('whole');
  await read.text();
  expect(await afterReading(read, refusal)).toBe(refusal);
  expect(await afterReading(new Request('http://cria/'), refusal)).toBe(refusal);
});
