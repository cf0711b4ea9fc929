import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Markdown from '../../web/markdown.ts';
import { type Playground, startPlayground, type Tab } from './playground.ts';

declare global {
  var markdown: typeof Markdown;
  var hit: string | undefined;
}

let playground: Playground;
let tab: Tab;

beforeAll(async () => {
  playground = await startPlayground();
  tab = await playground.open();
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as markdown from './web/markdown.ts'; globalThis.markdown = markdown;`,
      resolveDir: '.',
    },
    bundle: true,
    format: 'iife',
    write: false,
  });
  await tab.page.evaluate(outputFiles[0]!.text); // the debugger's way in, which the page's policy does not bar
});
afterAll(() => playground?.close());

/** Puts it on the page by `sanitise` or as Markdown, and looks at what is there. */
function look(source: string, how: 'html' | 'markdown') {
  return tab.page.evaluate(
    async ([text, way]) => {
      const root = document.createElement('div');
      document.body.append(root);
      if (way === 'html') root.append(markdown.sanitise(text));
      else markdown.createMarkdownView(root).show(text);
      await new Promise((frame) => requestAnimationFrame(() => setTimeout(frame))); // onerror comes later

      const elements = [...root.querySelectorAll('*')];
      const attributes = elements.flatMap(({ attributes }) => [...attributes]);
      root.remove();
      return {
        text: root.textContent,
        html: root.innerHTML,
        tags: [...new Set(elements.map(({ localName }) => localName))],
        handlers: attributes
          .filter(({ name }) => /^(on|style|src|id|name|xlink)/.test(name))
          .map((a) => a.name),
        links: attributes.filter(({ name }) => name === 'href').map(({ value }) => value),
        hit: globalThis.hit,
      };
    },
    [source, how] as const,
  );
}

const attacks = [
  '<script>hit="script"</script>',
  '<img src=x onerror=hit="img">',
  '<img src="https://evil.example/track.png">',
  '<svg onload=hit="svg"><script>hit="svg script"</script></svg>',
  '<svg><a xlink:href="javascript:hit=1"><text>x</text></a></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img src=x onerror=hit="mxss">',
  '<iframe src="javascript:parent.hit=1"></iframe>',
  '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
  '<object data="data:text/html,<script>parent.hit=1</script>"></object>',
  '<embed src="javascript:hit=1">',
  '<a href="javascript:hit=1">x</a>',
  '<a href="JaVaScRiPt:hit=1">x</a>',
  '<a href="java\tscript:hit=1">x</a>',
  '<a href="&#106;avascript:hit=1">x</a>',
  '<a href=" \u0001javascript:hit=1">x</a>',
  '<a href="data:text/html,<script>hit=1</script>">x</a>',
  '<a href="vbscript:hit=1">x</a>',
  '<a href="blob:https://a/b">x</a>',
  '<a href="//evil.example" onclick="hit=1" id="prompt" name="model">x</a>',
  '<form action="https://evil.example"><input name=a><button>send</button></form>',
  '<style>body{display:none}</style>',
  '<p style="position:fixed;inset:0">x</p>',
  '<div class="notice" role="alert">x</div>',
  '<link rel=stylesheet href=https://evil.example/a.css>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<details open ontoggle=hit=1><summary>x</summary></details>',
  '<video><source onerror=hit=1></video>',
  '<input autofocus onfocus=hit=1>',
  '<template><script>hit=1</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=hit=1>">',
  '[x](javascript:hit=1)',
  '[x](JAVASCRIPT:hit=1)',
  '[x](java&#10;script:hit=1)',
  '[x](&#x6a;avascript:hit=1)',
  '[x](data:text/html;base64,PHNjcmlwdD5oaXQ9MTwvc2NyaXB0Pg==)',
  '[x](vbscript:hit=1)',
  '[x](file:///etc/passwd)',
  '[x][y]\n\n[y]: javascript:hit=1',
  '<javascript:hit=1>',
  '![x](https://evil.example/track.png)',
  '![x](javascript:hit=1)',
  '![x" onerror="hit=1](https://a.example/)',
  '![x](https://a.example/"onerror="hit=1)',
  '[x](https://a.example/"onclick="hit=1)',
  '[x](https://a.example "\\" onclick=\\"hit=1")',
  '```"onclick="hit=1\ncode\n```',
  '```html\n<img src=x onerror=hit=1>\n```',
  '`<img src=x onerror=hit=1>`',
  '| a |\n|---|\n| <img src=x onerror=hit=1> |',
  '- [ ] <script>hit=1</script>',
];

describe.each(['html', 'markdown'] as const)('%s', (how) => {
  test.each(attacks)('%s does nothing', async (attack) => {
    const asked = playground.server.paths.length;
    const { tags, handlers, links, hit, html } = await look(attack, how);

    const ours = how === 'markdown' ? ['figure', 'figcaption', 'button', 'span', 'svg', 'use', 'div'] : [];
    const plain =
      'p br hr h1 h2 h3 h4 h5 h6 blockquote ul ol li pre code strong em del a table thead tbody tr th td';
    expect([...plain.split(' '), ...ours], html).toEqual(expect.arrayContaining(tags));
    expect(handlers, html).toEqual([]);
    for (const link of links) expect(link, html).toMatch(/^(https?:\/\/|mailto:|#icon-copy$)/);
    expect(hit).toBeUndefined();
    expect(playground.server.paths.slice(asked)).toEqual([]);
  });
});

test('HTML in Markdown is shown as it was written', async () => {
  const { text } = await look('Use <b>bold</b> and\n\n<div>a & b</div>', 'markdown');
  expect(text).toContain('Use <b>bold</b> and');
  expect(text).toContain('<div>a & b</div>');
});

test('an image becomes a link, and is not fetched', async () => {
  const { html } = await look('![A cria](https://a.example/cria.png)', 'markdown');
  expect(html).toBe(
    '<p><a href="https://a.example/cria.png" target="_blank" rel="noopener noreferrer">A cria</a></p>\n',
  );
});

test('code keeps its language, and no other class gets through', async () => {
  expect((await look('```ts\nlet a;\n```', 'markdown')).html).toContain('<code class="language-ts">');
  expect((await look('<p class="notice">x</p>', 'html')).html).toBe('<p>x</p>');
});

test('show() makes only the changed blocks anew', async () => {
  const kept = await tab.page.evaluate(() => {
    const root = document.createElement('div');
    const view = markdown.createMarkdownView(root);
    view.show('# One\n\nTwo\n\nThr');
    const [one, two, three] = [...root.children];
    view.show('# One\n\nTwo\n\nThree\n\n- four');
    return [one, two, three]
      .map((node) => node!.parentNode === root)
      .concat(root.textContent.includes('Three\n'));
  });
  expect(kept).toEqual([true, true, false, true]);
});

test('show() goes back over what a late definition changes', async () => {
  const html = await tab.page.evaluate(() => {
    const root = document.createElement('div');
    const view = markdown.createMarkdownView(root);
    view.show('See [this].\n\nMore.\n\n');
    view.show('See [this].\n\nMore.\n\n[this]: https://a.example/');
    return root.innerHTML;
  });
  expect(html).toContain('<a href="https://a.example/"');
  expect(html.match(/More/g)).toHaveLength(1);
});
