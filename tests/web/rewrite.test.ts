import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rewrite } from '../support/fake-tasks.ts';
import { type Playground, startPlayground } from './playground.ts';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  playground.server.tasks.asked.length = 0;
});

const asked = () => playground.server.tasks.asked;
const done = (name: string) => `#${name} .result[data-state=done]`;

describe('rewrite', () => {
  test('sends only what is chosen', async () => {
    const { page, close } = await playground.open({}, 'rewrite');
    playground.server.tasks.script = rewrite('A text');
    await page.fill('#rewrite-text', 'a text');
    await page.click('#rewrite [type=submit]');
    await page.waitForSelector(done('rewrite'));
    await page.selectOption('#rewrite-tone', 'formal');
    await page.click('#rewrite label:has-text("Shorter")');
    await page.fill('#rewrite-audience', 'children of ten');
    await page.fill('#rewrite-language', 'French');
    await page.uncheck('#rewrite [name=correct]');
    await page.click('#rewrite [type=submit]');
    await expect.poll(() => asked().length).toBe(2);
    const common = { model: 'tiny', text: 'a text', stream: true };
    expect(asked().map(({ body }) => body)).toEqual([
      { ...common, length: 'same', correct: true },
      {
        ...common,
        length: 'shorter',
        tone: 'formal',
        audience: 'children of ten',
        translate_to: 'French',
        correct: false,
      },
    ]);
    await close();
  });

  test('shows what changed, or the text alone, and copies the text', async () => {
    const { page, close } = await playground.open(
      { permissions: ['clipboard-read', 'clipboard-write'] },
      'rewrite',
    );
    playground.server.tasks.script = rewrite('We meet at two,\nas agreed.');
    await page.fill('#rewrite-text', 'We meet at ten,\nas agred.');
    await page.click('#rewrite [type=submit]');
    await page.waitForSelector(done('rewrite'));
    const html = () => page.innerHTML('#rewrite .result-text');
    expect(await html()).toBe(
      '<span>We meet at </span><del>ten</del><ins>two</ins><span>,\nas </span><del>agred</del><ins>agreed</ins><span>.</span>',
    );
    expect(await page.textContent('#rewrite .changes')).toBe('2 words added, 2 words removed');

    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    const said = nodes.map(({ role, name }) => `${role?.value}: ${name?.value ?? ''}`.trim());
    expect(said).toEqual(
      expect.arrayContaining(['deletion:', 'insertion:', 'StaticText: [removed:', 'StaticText: [added:']),
    );
    const line = (tag: string) =>
      page.$eval(`#rewrite ${tag}`, (node) => getComputedStyle(node).textDecorationLine);
    expect([await line('del'), await line('ins')]).toEqual(['line-through', 'underline']);

    await page.click('#rewrite [data-act=copy]');
    await page.waitForSelector('#rewrite [data-act=copy]:has-text("Copied")');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('We meet at two,\nas agreed.');

    await page.focus('#rewrite-view input:checked');
    await page.keyboard.press('ArrowRight');
    expect(await html()).toBe('We meet at two,\nas agreed.');
    await page.keyboard.press('ArrowLeft');
    expect(await html()).toContain('<del>agred</del>');
    await close();
  });

  test('shows a translation, and what is stopped half way, as plain text', async () => {
    const { page, close } = await playground.open({}, 'rewrite');
    playground.server.tasks.script = rewrite('Ein Text');
    await page.fill('#rewrite-text', 'A text');
    await page.fill('#rewrite-language', 'German');
    await page.click('#rewrite [type=submit]');
    await page.waitForSelector(done('rewrite'));
    expect(await page.innerHTML('#rewrite .result-text')).toBe('Ein Text');
    expect(await page.isVisible('#rewrite-view')).toBe(false);

    playground.server.tasks.script = (run) => {
      run.say('A te');
      run.fail('out_of_memory', 'the device is full');
    };
    await page.fill('#rewrite-language', '');
    await page.click('#rewrite [type=submit]');
    await page.waitForSelector('#rewrite .notice:visible');
    expect(await page.textContent('#rewrite .notice p')).toBe('The reply broke off. The device is full.');
    expect(await page.innerHTML('#rewrite .result-text')).toBe('A te');

    playground.server.tasks.script = rewrite('A better text');
    await page.click('#rewrite .notice button');
    await page.waitForSelector('#rewrite ins:text-is("better ")');
    expect(await page.isVisible('#rewrite .notice')).toBe(false);
    await close();
  });
});
