// Draws a token without reading its whole row of logits, 513 kB of them with Llama 3.2's vocabulary: the device says
// what stretches of the row weigh and which tokens are the likeliest, and that nearly always settles it.
import { type Buf, type Device, EXP_SUMS_ERROR, SUM_STRETCH } from '../kernels/kernels.ts';
import { drawBest } from './draw-best.ts';
import type { Sampling } from './engine.ts';

/** A row of logits on a device. `length` is the vocabulary's. */
export interface LogitRow {
  readonly device: Device;
  readonly logits: Buf;
  readonly row: number;
  readonly length: number;
}

const FEW = 32; // likeliest tokens: mostly enough for top-p and min-p
const MOST = 256; // that a device gives

/**
 * The token that `Sampler` would draw, to the last bit of its arithmetic; undefined where that hangs on more than
 * was read, or where numbers are not sound. Temperature is above 0.
 */
export async function drawInPlace(
  source: LogitRow,
  sampling: Sampling,
  coin: number,
): Promise<number | undefined> {
  const { topK, topP, minP } = sampling;
  if (topK > 0 && topK < source.length)
    return topK <= MOST ? drawAmong(source, topK, undefined, sampling, coin) : undefined;

  const { device, logits, row, length } = source;
  const { max, sums } = await device.expSums(logits, row, length, 1 / sampling.temperature);
  if (!Number.isFinite(max)) return undefined;
  if (topP === 1 && minP === 0) return drawAny(source, max, sums, sampling, coin);

  const total = sums.reduce((sum, weight) => sum + weight, 0);
  const draw = (k: number) =>
    topP === 1 ? drawLikely(source, k, sampling, coin) : drawAmong(source, k, total, sampling, coin);
  return (await draw(FEW)) ?? draw(MOST);
}

/** Draws one of the k likeliest. `total` is what all weigh, nearly; undefined when the k are all that count. */
async function drawAmong(
  source: LogitRow,
  k: number,
  total: number | undefined,
  sampling: Sampling,
  coin: number,
): Promise<number | undefined> {
  const { ids, weights: best } = await likeliest(source, k, sampling);
  if (best[0] !== 1) return undefined; // no finite logit, or one that is Infinity
  const isAll = total === undefined;
  const sum = total ?? best.reduce((all, weight) => all + weight, 0);
  const place = drawBest(
    { best, total: sum, doubt: isAll ? 0 : sum * EXP_SUMS_ERROR, isAll },
    sampling,
    coin,
  );
  return place === undefined ? undefined : ids[place];
}

/** min-p alone: those it keeps, in the vocabulary's order, if they are fewer than k. */
async function drawLikely(
  source: LogitRow,
  k: number,
  sampling: Sampling,
  coin: number,
): Promise<number | undefined> {
  const { ids, weights } = await likeliest(source, k, sampling);
  if (weights.length === k && weights.at(-1)! >= sampling.minP) return undefined;

  const kept = Array.from(ids, (id, i) => ({ id, weight: weights[i]! }))
    .filter(({ weight }) => weight >= sampling.minP)
    .sort((a, b) => a.id - b.id);
  let left = coin * kept.reduce((sum, { weight }) => sum + weight, 0);
  for (const { id, weight } of kept) {
    left -= weight;
    if (left < 0) return id;
  }
  return kept.at(-1)?.id; // rounding left a sliver past the end
}

/** No cut: finds the stretch that the coin falls in, and reads that. */
async function drawAny(
  { device, logits, row, length }: LogitRow,
  max: number,
  sums: Float64Array,
  { temperature }: Sampling,
  coin: number,
): Promise<number | undefined> {
  const total = sums.reduce((sum, weight) => sum + weight, 0);
  const doubt = 2 * EXP_SUMS_ERROR * total; // of the total, and of where a stretch begins
  const wanted = coin * total;

  let before = 0;
  let stretch = 0;
  for (; stretch < sums.length - 1 && before + sums[stretch]! <= wanted; stretch++) before += sums[stretch]!;
  const first = stretch * SUM_STRETCH;
  const read = await device.read(logits, row * length + first, Math.min(SUM_STRETCH, length - first));

  const perNat = 1 / temperature;
  for (let i = 0; i < read.length; i++) {
    const end = before + Math.exp((read[i]! - max) * perNat);
    if (wanted < end + doubt) return wanted >= before + doubt && wanted < end - doubt ? first + i : undefined;
    before = end;
  }
  return undefined;
}

/** The k likeliest tokens and what they weigh, the likeliest first. */
async function likeliest({ device, logits, row, length }: LogitRow, k: number, { temperature }: Sampling) {
  const { ids, values } = await device.topK(logits, row, length, k);
  const perNat = 1 / temperature;
  const [max = Number.NaN] = values;
  return { ids, weights: Float64Array.from(values, (logit) => Math.exp((logit - max) * perNat)) };
}
