import { byId, within } from './page.ts';

const HOME = 'chat';

/**
 * Shows the one page that the address names, as `#/rewrite`. Any other hash leaves the page as it is, so that a link to
 * a place within it stays one. `shown` is told of each page as it comes up, and whether somebody went there.
 */
export function setUpPages(shown: (name: string, visited: boolean) => void): void {
  const pages = [...document.querySelectorAll<HTMLElement>('main[data-page]')];
  const links = [...byId('pages', HTMLElement).querySelectorAll('a')];

  const show = (visited: boolean) => {
    const named = /^#\/([\w-]+)$/.exec(location.hash)?.[1];
    if (visited && named === undefined && location.hash !== '') return;
    const page = pages.find(({ dataset }) => dataset.page === (named ?? HOME)) ?? pages[0]!;
    const name = page.dataset.page!;

    for (const other of pages) other.hidden = other !== page;
    for (const link of links) {
      if (link.hash === `#/${name}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.body.dataset.page = name;
    document.title = name === HOME ? 'Cria' : `${page.dataset.title} · Cria`;
    if (visited && name !== HOME) within<HTMLElement>(page, 'h1').focus();
    shown(name, visited);
  };

  addEventListener('hashchange', () => show(true));
  byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
    event.preventDefault(); // the hash is the page's name
    document.querySelector<HTMLElement>('main:not([hidden]) textarea')?.focus();
  });
  show(false);
}
