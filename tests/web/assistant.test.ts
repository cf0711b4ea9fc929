import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TaskRun } from '../support/fake-tasks.ts';
import { gate, type Playground, startPlayground } from './playground.ts';

const BEYOND = '2099-01-02T09:00:00.000Z';
const BEYOND_END = '2099-01-02T10:00:00.000Z';
const ZONE = { timezoneId: 'Europe/Vienna' };

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  const { tasks } = playground.server;
  for (const list of [tasks.asked, tasks.todos, tasks.events]) list.length = 0;
  tasks.script = (run) => run.complete({ steps: [], message: 'Hello', status: 'completed' });
});

const bodies = () => playground.server.tasks.asked.map(({ body }) => body);
const call = { type: 'tool_call', id: 'call_1', name: 'add_todo', arguments: { title: 'Buy oats' } };
const returned = { type: 'tool_result', id: 'call_1', ok: true, result: { added: { title: 'Buy oats' } } };
const settled = '#assistant-turns .reply:last-child:is([data-state=done], [data-state=empty])';

async function say(page: Awaited<ReturnType<Playground['open']>>['page'], text: string): Promise<void> {
  await page.fill('#assistant-prompt', text);
  await page.press('#assistant-prompt', 'Enter');
}

describe('the conversation', () => {
  test('shows each step when it happens, and what it has stored', async () => {
    const { page, complaints, close } = await playground.open(ZONE, 'assistant');
    const [called, done, said] = [gate(), gate(), gate()];
    playground.server.tasks.script = async (run) => {
      run.step(call);
      await called.promise;
      playground.server.tasks.todos.push({ id: 't1', title: 'Buy oats', done: false });
      run.step(returned);
      await done.promise;
      run.say('It is **on', ' the list**.');
      await said.promise;
      run.step({ type: 'message', text: 'It is **on the list**.' });
      run.complete({ steps: [call, returned], message: 'It is **on the list**.', status: 'completed' });
    };
    await say(page, 'Remind me to buy oats');
    await page.waitForSelector('.step[data-state=running]');
    expect(await page.textContent('.step p')).toBe('Add todo title: Buy oats under way');
    expect(await page.isVisible('.step details')).toBe(false);
    called.resolve();
    await page.waitForSelector('.step[data-state=ok]');
    await page.waitForSelector('#todos li:has-text("Buy oats")');
    await page.click('.step summary');
    expect(JSON.parse((await page.textContent('.step pre'))!)).toEqual(returned.result);
    done.resolve();
    await page.waitForSelector('#assistant-turns .prose strong:text-is("on the list")');
    said.resolve();
    await page.waitForSelector(settled);
    expect(await page.textContent('#assistant-turns .prose')).toBe('It is on the list.\n'); // once, not twice
    expect(await page.textContent('#announcer')).toBe('The assistant said: It is **on the list**.');

    await say(page, 'Thanks');
    await expect.poll(() => bodies().length).toBe(2);
    expect(bodies()).toEqual([
      {
        model: 'tiny',
        messages: [{ role: 'user', content: 'Remind me to buy oats' }],
        time_zone: 'Europe/Vienna',
        stream: true,
      },
      {
        model: 'tiny',
        messages: [
          { role: 'user', content: 'Remind me to buy oats' },
          { role: 'assistant', content: 'It is **on the list**.' },
          { role: 'user', content: 'Thanks' },
        ],
        time_zone: 'Europe/Vienna',
        stream: true,
      },
    ]);
    expect(complaints).toEqual([]);
    await close();
  });

  const question = (id: string, question: string) => ({
    type: 'confirmation',
    id,
    name: 'delete_todo',
    arguments: { todo: id },
    question,
  });
  const asks =
    (...questions: readonly object[]) =>
    (run: TaskRun) => {
      for (const step of questions) run.step(step as Record<string, unknown>);
      run.complete({ steps: questions, message: 'The questions.', status: 'needs_confirmation' });
    };

  test('goes on with what the person agrees to', async () => {
    const { page, close } = await playground.open({}, 'assistant');
    playground.server.tasks.script = asks(question('c1', 'Delete “Buy oats”?'));
    await say(page, 'Delete the oats');
    await page.waitForSelector('.asking:visible');
    expect(await page.textContent('#assistant-turns .prose')).toBe(''); // it asks once
    expect(await page.textContent('#announcer')).toBe('The assistant asks: Delete “Buy oats”?');
    await page.reload(); // the question outlives it
    playground.server.tasks.script = (run) => {
      run.step({ ...call, id: 'c1', name: 'delete_todo' });
      run.step({ ...returned, id: 'c1' });
      run.complete({ steps: [{}, {}], message: 'Gone.', status: 'completed' });
    };
    await page.click('.asking button:text-is("Yes")');
    await page.waitForSelector('#assistant-turns .prose:has-text("Gone.")');
    expect(bodies()[1]).toEqual({ ...bodies()[0], confirm: ['c1'] });
    expect(await page.isVisible('.asking')).toBe(false);
    expect(await page.textContent('.step p')).toContain('Delete todo');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('assistant-prompt');
    await close();
  });

  test('takes a no for an answer', async () => {
    const { page, close } = await playground.open({}, 'assistant');
    playground.server.tasks.script = asks(question('c1', 'Delete “Buy oats”?'));
    await say(page, 'Delete the oats');
    await page.waitForSelector('.asking:visible');
    playground.server.tasks.script = (run) =>
      run.complete({ steps: [], message: 'It stays.', status: 'completed' });
    await page.click('.asking button:text-is("No")');
    await page.waitForSelector('#assistant-turns .prose:has-text("It stays.")');
    expect(bodies()[1]!.messages).toEqual([
      { role: 'user', content: 'Delete the oats' },
      { role: 'assistant', content: 'Delete “Buy oats”?' },
      { role: 'user', content: 'No.' },
    ]);
    expect(bodies()[1]).not.toHaveProperty('confirm');
    expect(await page.isVisible('.asking')).toBe(false);
    await close();
  });

  test('lets the person choose where several are meant', async () => {
    const { page, close } = await playground.open({}, 'assistant');
    playground.server.tasks.script = asks(question('c1', 'Milk, today?'), question('c2', 'Milk, tomorrow?'));
    await say(page, 'Milk is done');
    await page.waitForSelector('.asking:visible');
    await page.click('.asking div:has-text("tomorrow") button');
    await expect.poll(() => bodies().length).toBe(2);
    expect(bodies()[1]!.confirm).toEqual(['c2']);
    await close();
  });

  test('can be stopped, tried again, reloaded and started over', async () => {
    const { page, close } = await playground.open({}, 'assistant');
    playground.server.tasks.script = (run) => {
      run.step(call);
      return run.left;
    };
    await say(page, 'one');
    await page.waitForSelector('.step');
    await page.keyboard.press('Escape');
    await page.waitForSelector(settled);
    expect(await page.textContent('.outcome')).toBe('not done');
    expect(await page.textContent('#assistant-turns .figures')).toMatch(/ · stopped$/);

    playground.server.tasks.script = (run) => run.fail('out_of_memory', 'the device is full');
    await say(page, 'two');
    await page.waitForSelector('#assistant-turns .notice:visible');
    await page.reload();
    expect(await page.locator('.step').count()).toBe(1);
    expect(await page.textContent('#assistant-turns .notice:visible p')).toBe(
      'The reply broke off. The device is full.',
    );
    playground.server.tasks.script = (run) =>
      run.complete({ steps: [], message: 'At last.', status: 'incomplete' });
    await page.click('#assistant-turns .notice:visible button');
    await page.waitForSelector('#assistant-turns .reply:last-child .prose:has-text("At last.")');
    expect(bodies().at(-1)).toEqual(bodies().at(-2));
    await page.waitForSelector('#assistant-turns .figures:has-text("ended before it was done")');

    await page.click('#assistant-clear');
    await page.reload();
    expect(await page.locator('#assistant-turns .turn').count()).toBe(0);
    expect(await page.isVisible('#assistant-welcome')).toBe(true);
    await close();
  });
});

describe('the planner', () => {
  test('adds, ticks, changes and deletes a to-do', async () => {
    const { todos } = playground.server.tasks;
    const { page, close } = await playground.open(ZONE, 'assistant');
    await page.waitForSelector('#no-todos:visible');
    await page.fill('#new-todo', ' Buy oats ');
    await page.press('#new-todo', 'Enter');
    await page.waitForSelector('#todos li:has-text("Buy oats")');
    expect(await page.inputValue('#new-todo')).toBe('');

    await page.focus('#todos input');
    await page.keyboard.press('Space');
    await page.waitForSelector('#todos li.done');
    expect(todos[0]).toMatchObject({ title: 'Buy oats', done: true });
    expect(await page.evaluate(() => document.activeElement!.closest('#todos input') !== null)).toBe(true);

    await page.click('#todos button');
    await page.fill('#todo-name', '');
    await page.click('#todo-dialog [type=submit]');
    expect(await page.textContent('#todo-dialog .fault')).toBe('It needs a title.');
    await page.fill('#todo-name', 'Buy hay');
    await page.fill('#todo-day', '2099-07-01');
    await page.fill('#todo-time', '15:30');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#todos small:text-is("Wed 1 Jul, 15:30")');
    expect(todos[0]).toMatchObject({ title: 'Buy hay', due: '2099-07-01T13:30:00.000Z' });

    await page.click('#todos button');
    expect(await page.inputValue('#todo-time')).toBe('15:30');
    await page.fill('#todo-time', '');
    await page.click('#todo-dialog [type=submit]');
    await page.waitForSelector('#todos small:text-is("Wed 1 Jul")');
    expect(todos[0]).toMatchObject({ due: '2099-07-01' });

    await page.click('#todos button');
    await page.click('#todo-dialog [data-act=delete]');
    await page.waitForSelector('#no-todos:visible');
    expect(todos).toEqual([]);
    await close();
  });

  test('puts what is open first, by when it is due, and says what is late', async () => {
    const { todos } = playground.server.tasks;
    todos.push(
      { id: 'a', title: 'Done', done: true, due: '2020-01-01' },
      { id: 'b', title: 'Some day', done: false },
      { id: 'c', title: 'Later', done: false, due: '2099-01-01' },
      { id: 'd', title: 'Late', done: false, due: '2020-01-01' },
    );
    const { page, close } = await playground.open({}, 'assistant');
    await page.waitForSelector('#todos li');
    expect(await page.locator('#todos b').allTextContents()).toEqual(['Late', 'Later', 'Some day', 'Done']);
    expect(await page.locator('#todos small').allTextContents()).toEqual([
      'overdue · Wed 1 Jan',
      'Thu 1 Jan',
      '',
      'Wed 1 Jan',
    ]);
    await close();
  });

  test('adds, changes and deletes an event, and keeps those that are past apart', async () => {
    const { events } = playground.server.tasks;
    events.push({ id: 'old', title: 'Old', start: '2020-01-01T09:00:00Z', end: '2020-01-01T10:00:00Z' });
    const { page, close } = await playground.open(ZONE, 'assistant');
    await page.waitForSelector('#past summary:text-is("1 past event")');
    await page.click('#new-event');
    await page.fill('#event-name', 'Dentist');
    await page.fill('#event-start', '2099-01-02T11:00');
    await page.fill('#event-end', '2099-01-02T10:30');
    await page.click('#event-dialog [type=submit]');
    expect(await page.textContent('#event-dialog .fault')).toBe('It must end after it begins.');
    await page.fill('#event-start', '2099-01-02T10:00');
    await page.fill('#event-end', '2099-01-02T11:00');
    await page.click('#event-dialog [type=submit]');
    await page.waitForSelector('#events > li:has-text("Dentist")');
    expect(events[1]).toMatchObject({ title: 'Dentist', start: BEYOND, end: BEYOND_END, location: null });
    expect(await page.textContent('#events p small')).toBe('10:00 – 11:00');

    await page.click('#events button');
    await page.fill('#event-location', 'Room 2');
    await page.click('#event-dialog [type=submit]');
    await page.waitForSelector('#events p small:text-is("10:00 – 11:00 · Room 2")');
    await page.click('#events button');
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#event-dialog')).toBe(false);
    await page.click('#events button');
    await page.click('#event-dialog [data-act=delete]');
    await page.waitForSelector('#no-events:visible');
    expect(events).toHaveLength(1);
    await close();
  });

  test('is downloaded as iCalendar', async () => {
    const { page, close } = await playground.open({}, 'assistant');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download-calendar')]);
    expect(download.suggestedFilename()).toBe('cria.ics');
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^BEGIN:VCALENDAR\r\n/);
    await close();
  });

  test('says what is wrong when it cannot be read', async () => {
    const { page, close } = await playground.open();
    await page.route('**/v1/tasks/**', (route) =>
      route.fulfill({ status: 503, json: { error: { message: 'the storage is away' } } }),
    );
    await page.click('nav a:text-is("Assistant")');
    await page.waitForSelector('#planner-fault:has-text("The storage is away.")');
    await close();
  });
});

test('on a phone the conversation and the planner take turns', async () => {
  const { page, close } = await playground.open({ viewport: { width: 360, height: 740 } }, 'assistant');
  expect(await page.isVisible('#assistant-prompt')).toBe(true);
  expect(await page.isVisible('#planner')).toBe(false);
  await page.focus('#assistant-switch input:checked');
  await page.keyboard.press('ArrowRight');
  expect(await page.isVisible('#assistant-prompt')).toBe(false);
  expect(await page.isVisible('#new-todo')).toBe(true);
  await close();
});

test('hostile text does nothing, in any field', async () => {
  const attack = '<img src=x onerror=alert(1)><script>alert(2)</script>[l](javascript:alert(3))';
  const { tasks, url } = playground.server;
  tasks.todos.push({ id: attack, title: attack, due: attack, done: false });
  tasks.events.push({ id: attack, title: attack, start: attack, end: attack, location: attack });
  tasks.events.push({ id: 'e', title: attack, start: BEYOND, end: BEYOND_END, location: attack });
  const bad = { id: attack, name: attack, arguments: { [attack]: attack } };
  tasks.script = (run) => {
    run.step({ type: 'tool_call', ...bad });
    run.step({ type: 'tool_result', id: attack, ok: false, result: { [attack]: attack } });
    run.step({ type: 'confirmation', ...bad, question: attack });
    run.say(...attack);
    run.step({ type: 'message', text: attack });
    run.complete({ steps: [{}, {}, {}, {}], message: attack, status: 'needs_confirmation' });
  };
  const { page, complaints, close } = await playground.open({}, 'assistant');
  const dialogs: string[] = [];
  const outside: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) outside.push(request.url());
  });
  await page.waitForSelector('#todos li');
  await say(page, attack);
  await page.waitForSelector('.asking:visible');
  for (const place of [
    '.step strong',
    '.given',
    '.step pre',
    '.asking p',
    '#assistant-turns .prose',
    '#todos b',
    '#events p b',
  ])
    expect((await page.textContent(place))!.toLowerCase(), place).toContain('<script>alert(2)</script>');
  await page.reload();
  await page.click('#todos button');
  expect(await page.inputValue('#todo-name')).toBe(attack);
  const foreign =
    ':is(script:not([src="main.js"]), iframe, [onerror], img:not([src="mark.svg"]), a[href^=java])';
  expect(await page.locator(`body ${foreign}`).count()).toBe(0);
  expect({ dialogs, outside, complaints }).toEqual({ dialogs: [], outside: [], complaints: [] });
  await close();
});
