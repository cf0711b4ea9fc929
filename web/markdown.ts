// Markdown of unknown origin, as DOM. Two walls: HTML in the source is shown as text, and what marked makes
// of the rest passes DOMPurify with a short list of tags. Nothing is fetched: an image becomes a link to it.
import DOMPurify from 'dompurify';
import { Marked, type Token, type Tokens } from 'marked';
import { fromTemplate } from './page.ts';

const TAGS = [
  ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'ul', 'ol', 'li', 'pre', 'code'],
  ...['strong', 'em', 'del', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
];
const ATTRIBUTES = ['href', 'title', 'class', 'start', 'align'];
const ADDRESS = /^(?:https?|mailto):/i;
const LANGUAGE = /^language-([\w+#.-]{1,30})$/;

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ raw }: Tokens.HTML | Tokens.Tag) => escapeHtml(raw),
    image: ({ href, text }: Tokens.Image) =>
      `<a href="${escapeHtml(href)}">${escapeHtml(text === '' ? href : text)}</a>`,
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? '☑ ' : '☐ '),
  },
});

/** HTML of unknown origin, as DOM that can do nothing but show itself and link to the web in a new tab. */
export function sanitise(html: string): DocumentFragment {
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOWED_URI_REGEXP: ADDRESS,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const element of fragment.querySelectorAll('[class]'))
    if (!LANGUAGE.test(element.className)) element.removeAttribute('class'); // no borrowing of our own styles
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  return fragment;
}

export interface MarkdownView {
  /** Shows `source`, which usually is the last one and a little more: only blocks that changed are made anew. */
  show(source: string): void;
}

/** Keeps `root` showing a Markdown text that grows. */
export function createMarkdownView(root: HTMLElement): MarkdownView {
  const blocks: { readonly raw: string; readonly nodes: readonly ChildNode[] }[] = [];
  let definitions = 0;

  return {
    show(source) {
      const tokens = marked.lexer(source);
      const defined = Object.keys(tokens.links).length;
      if (defined !== definitions) clear(); // "[1]: address" gives meaning to a "[1]" above
      definitions = defined;

      let same = 0;
      while (same < blocks.length && blocks[same]!.raw === tokens[same]?.raw) same++;

      clear(same);
      const fresh = tokens.slice(same).map((token) => {
        const fragment = renderBlock(token);
        const nodes = [...fragment.childNodes];
        root.append(fragment);
        return { raw: token.raw, nodes };
      });
      blocks.push(...fresh);
    },
  };

  function clear(from = 0): void {
    for (const { nodes } of blocks.splice(from)) for (const node of nodes) node.remove();
  }
}

function renderBlock(token: Token): DocumentFragment {
  const fragment = sanitise(marked.parser([token]));
  for (const pre of fragment.querySelectorAll('pre')) frameCode(pre);
  for (const table of fragment.querySelectorAll('table')) scrollable(table);
  return fragment;
}

/** A bar above the code with its language and a copy button. */
function frameCode(pre: HTMLPreElement): void {
  const figure = fromTemplate('code-block');
  const language = LANGUAGE.exec(pre.firstElementChild?.className ?? '')?.[1] ?? 'text';
  figure.querySelector('span')!.textContent = language;
  pre.replaceWith(figure);
  pre.tabIndex = 0; // so that the keyboard can scroll it
  figure.append(pre);
}

function scrollable(table: HTMLTableElement): void {
  const frame = document.createElement('div');
  frame.className = 'table';
  table.replaceWith(frame);
  frame.append(table);
}
