import { text } from '../json.ts';
import { byId, within } from '../page.ts';
import { diffNodes, wordChanges } from './diff-view.ts';
import type { Values } from './form-values.ts';
import { type Piece, wordDiff } from './word-diff.ts';
import { type PageDeps, setUpWorkbench } from './workbench.ts';

const SAMPLE = `Hi everyone,

just wanted to let you know that the meeting of tomorow is moved, we will not meet at 10 but at 2 in the afternoon because the room was not free. Could you all please have a look at the numbers before, it would be realy good if everybody had read them. If you cant come then tell me.

Thanks a lot and see you`;

export function setUpRewrite(deps: PageDeps): void {
  const page = byId('rewrite', HTMLElement);
  const root = within<HTMLElement>(page, '.result-text');
  const view = byId('rewrite-view', HTMLFieldSetElement);
  const summary = within<HTMLElement>(page, '.changes');
  const choices = [...view.querySelectorAll('input')];

  let plain = '';
  let pieces: readonly Piece[] | undefined;

  const draw = () => {
    const changes = pieces !== undefined && choices.find(({ checked }) => checked)?.value === 'changes';
    root.replaceChildren(changes ? diffNodes(pieces!) : plain);
  };
  view.addEventListener('change', draw);

  setUpWorkbench(
    {
      page: 'rewrite',
      path: '/v1/tasks/rewrite',
      sample: SAMPLE,
      body: rewriteBody,
      result: (task) => text(task, 'text'),
      show(rewritten, whole, asked) {
        const grown = rewritten.startsWith(plain) && root.firstChild instanceof Text;
        const more = rewritten.slice(plain.length);
        plain = rewritten;
        // A translation has no word in common with its original, but for names.
        const comparable = whole && rewritten !== '' && !asked.translate_to?.trim();
        pieces = comparable ? wordDiff(asked.text ?? '', rewritten) : undefined;
        view.hidden = pieces === undefined;
        summary.textContent = pieces
          ? `${wordChanges(pieces)}`
          : comparable
            ? 'too different to compare'
            : '';
        if (!whole && grown && root.firstChild instanceof Text) root.firstChild.appendData(more);
        else draw();
      },
      announce: (rewritten) => `The text is rewritten. ${summary.textContent}. ${rewritten}`,
    },
    deps,
  );
}

/** The request: what is left as it is, is left out. */
export function rewriteBody({ text, length, tone, audience, translate_to, correct }: Values): object {
  const set = { tone, audience: audience?.trim(), translate_to: translate_to?.trim() };
  return {
    text,
    length,
    ...Object.fromEntries(Object.entries(set).filter(([, value]) => value)),
    correct: correct !== undefined,
  };
}
