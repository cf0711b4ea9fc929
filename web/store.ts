import { readTurns, type Turn } from './conversation.ts';
import { parseJson } from './json.ts';
import { DEFAULTS, type Params, readParams } from './params.ts';

const TURNS = 'cria.turns';
const PARAMS = 'cria.params';

/** What a reload must not lose. It lives as long as the tab, and never leaves it. */
export const store = {
  turns: (): Turn[] => readTurns(read(TURNS)),
  params: (): Params => readParams(parseJson(read(PARAMS)) ?? DEFAULTS),
  saveTurns: (turns: readonly Turn[]): void => write(TURNS, turns),
  saveParams: (params: Params): void => write(PARAMS, params),
};

function read(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return ''; // storage is forbidden here: the page works, and forgets
  }
}

function write(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // forbidden, or full: as above
  }
}
