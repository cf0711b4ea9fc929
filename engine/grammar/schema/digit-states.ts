import type { AutomatonState } from '../rule.ts';

export interface DigitRange {
  /** In units of 10^-places, both among them. */
  readonly low: bigint;
  readonly high: bigint;
  readonly places: number;
  /** Only multiples of so many units. */
  readonly step: number;
}

interface Edge {
  readonly low: number;
  high: number;
  readonly target: number;
}

/** What is known when some of a number's digits are written. */
interface Written {
  /** Digits to come, those after the point among them, if all are written. */
  readonly left: number;
  /** So far the digits are those of the lowest, or the highest, number there is. */
  readonly isLowest: boolean;
  readonly isHighest: boolean;
  readonly rest: number; // modulo step
  readonly afterPoint: boolean; // and no digit since
}

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;

/**
 * The decimals of a range, digit by digit: without an exponent, a plus, or a zero too many in front; decimal places that
 * are not written are 0.
 */
export function digitStates({ low, high, places, step }: DigitRange): AutomatonState[] {
  const states: { isEnd: boolean; edges: Edge[] }[] = [{ isEnd: false, edges: [] }];
  const numbers = new Map<string, number>();

  if (high >= 0n) magnitudes(0, low > 0n ? low : 0n, high, '+');
  if (low < 0n) {
    const minus = states.push({ isEnd: false, edges: [] }) - 1;
    states[0]!.edges.push({ low: MINUS, high: MINUS, target: minus });
    magnitudes(minus, high < 0n ? -high : 1n, -low, '-');
  }
  return states;

  /** The numbers from `least` to `most`, by how many digits are before the point. */
  function magnitudes(from: number, least: bigint, most: bigint, sign: string): void {
    for (let whole = 1; 10n ** BigInt(whole - 1 + places) <= most || whole === 1; whole++) {
      const first = whole === 1 ? 0n : 10n ** BigInt(whole - 1 + places);
      const last = 10n ** BigInt(whole + places) - 1n;
      const a = least > first ? least : first;
      const b = most < last ? most : last;
      if (a > b) continue;
      const digits = whole + places;
      const lowest = String(a).padStart(digits, '0');
      const highest = String(b).padStart(digits, '0');
      const start = { left: digits, isLowest: true, isHighest: true, rest: 0, afterPoint: false };
      writer(`${sign}${whole}`, lowest, highest)(from, start);
    }
  }

  function writer(name: string, lowest: string, highest: string) {
    /** Adds what may follow to a state. */
    function goOn(from: number, written: Written): void {
      const { left, isLowest, isHighest, rest } = written;
      const at = lowest.length - left;
      const least = isLowest ? Number(lowest[at]) : 0;
      const most = isHighest ? Number(highest[at]) : 9;
      for (let digit = least; digit <= most; digit++) {
        const target = stateOf({
          left: left - 1,
          isLowest: isLowest && digit === least,
          isHighest: isHighest && digit === most,
          rest: (rest * 10 + digit) % step,
          afterPoint: false,
        });
        addDigit(states[from]!.edges, digit, target);
      }
    }

    function stateOf(written: Written): number {
      const { left, isLowest, isHighest, rest, afterPoint } = written;
      const range = isLowest || isHighest ? `${name}${isLowest}${isHighest}` : '';
      const key = `${range},${left},${rest},${afterPoint}`;
      const known = numbers.get(key);
      if (known !== undefined) return known;
      const state = { isEnd: !afterPoint && left <= places && mayEnd(written), edges: [] as Edge[] };
      const number = states.push(state) - 1;
      numbers.set(key, number);
      if (left === places && left > 0 && !afterPoint)
        state.edges.push({ low: POINT, high: POINT, target: stateOf({ ...written, afterPoint: true }) });
      else if (left > 0) goOn(number, written);
      return number;
    }

    /** As if zeros followed. */
    function mayEnd({ left, isLowest, rest }: Written): boolean {
      let scaled = rest;
      for (let i = 0; i < left; i++) scaled = (scaled * 10) % step;
      return scaled === 0 && (!isLowest || /^0*$/.test(lowest.slice(lowest.length - left)));
    }
    return goOn;
  }
}

function addDigit(edges: Edge[], digit: number, target: number): void {
  const last = edges.at(-1);
  if (last && last.target === target && last.high === ZERO + digit - 1) last.high++;
  else edges.push({ low: ZERO + digit, high: ZERO + digit, target });
}
