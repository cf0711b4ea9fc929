import { within } from './page.ts';
import type { Problem } from './problem.ts';

const IN_MINUTES_FROM = 100; // seconds

/** Says what went wrong. The button waits as long as the server asked for. */
export function showNotice(notice: HTMLElement, { title, detail, retryAfterSeconds }: Problem): void {
  within(notice, 'strong').textContent = title;
  within(notice, 'span').textContent = detail;
  notice.hidden = false;

  const button = within<HTMLButtonElement>(notice, 'button');
  const end = Date.now() + retryAfterSeconds * 1000; // a tab in the background is woken late
  const count = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `Try again in ${wordWait(left)}` : 'Try again';
    if (left > 0 && notice.isConnected && !notice.hidden) setTimeout(count, 1000);
  };
  count();
}

export function wordWait(seconds: number): string {
  return seconds < IN_MINUTES_FROM ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
