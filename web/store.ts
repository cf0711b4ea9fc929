import { readTurns, type Turn } from './conversation.ts';
import { parseJson, text } from './json.ts';
import { DEFAULTS, type Params, readParams } from './params.ts';

const TURNS = 'cria.turns';
const PARAMS = 'cria.params';
const KEY = 'cria.key';

const memory = new Map<string, string>(); // for where storage is forbidden or full: until the page goes

/** What a reload must not lose. It lives as long as the tab, and never leaves it but for the key, in its header. */
export const store = {
  turns: (): Turn[] => readTurns(read(TURNS)),
  params: (): Params => readParams(parseJson(read(PARAMS)) ?? DEFAULTS),
  key: (): string => text(parseJson(read(KEY))) ?? '',
  /** What a page's own form and result were, by the page's name: JSON that nobody has vouched for. */
  page: (name: string): unknown => parseJson(read(`cria.${name}`)),
  saveTurns: (turns: readonly Turn[]): void => write(TURNS, turns),
  saveParams: (params: Params): void => write(PARAMS, params),
  saveKey: (key: string): void => write(KEY, key),
  savePage: (name: string, value: unknown): void => write(`cria.${name}`, value),
};

function read(name: string): string {
  try {
    return memory.get(name) ?? sessionStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

function write(name: string, value: unknown): void {
  const source = JSON.stringify(value);
  try {
    sessionStorage.setItem(name, source);
    memory.delete(name);
  } catch {
    memory.set(name, source);
  }
}
