import { text } from '../json.ts';
import { createMarkdownView } from '../markdown.ts';
import { byId, within } from '../page.ts';
import { type PageDeps, setUpWorkbench } from './workbench.ts';

const SAMPLE = `A cria is a baby llama, alpaca, vicuña or guanaco. The word comes from the Spanish for "baby", and is used by herders and breeders all over the world.

Crias are nearly always born in the morning or around noon, after about eleven and a half months. This suits the Andes, where the afternoons are windy and the nights freeze at any time of the year: a cria that is born early has some hours of sun in which to dry and to find its feet. Most stand within the first hour, and drink soon after.

The whole herd takes note. Other females come and greet the newborn by its scent, and for the first weeks its mother keeps close to it and hums. The hum is how the two know each other: each cria learns the voice of its own mother, and she learns its answer. A cria that strays calls in a higher note, and a mother who hears it leaves her food to look for it.

Crias grow fast. They nibble at grass after two or three weeks, though they go on drinking milk for half a year. They play in groups, most of all at dusk, when a whole troop may begin to run and bounce on all four legs at once. Herders say that a herd with many crias in play will have a quiet night.

At about six months a cria is weaned, and moves from its mother to a group of its own age. It will not be called a cria any more; but until it has cria of its own, an older llama may well go on humming to it.`;

export function setUpSummarise(deps: PageDeps): void {
  const prose = createMarkdownView(within(byId('summarise', HTMLElement), '.result-text'));

  setUpWorkbench(
    {
      page: 'summarise',
      path: '/v1/tasks/summarize',
      sample: SAMPLE,
      body: ({ text, length, style, language = '' }) => ({
        text,
        length,
        style,
        ...(language.trim() === '' ? {} : { language: language.trim() }),
      }),
      result: (task) => text(task, 'summary'),
      show: (summary) => prose.show(summary),
      announce: (summary) => `The summary is ready. ${summary}`,
    },
    deps,
  );
}
