// Days and moments as words, and as what the browser's own date fields hold. All in the reader's time zone.
const DAY = /^\d{4}-\d\d-\d\d$/;
const DAY_MS = 86_400_000;

const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'short' });
const timeWords = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** `2026-11-26`, in the reader's time zone. */
export function dayOf(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `Thu`. */
export const weekdayOf = (date: Date): string => weekday.format(date);

/** `26 Nov`. */
export const dateOf = (date: Date): string => `${date.getDate()} ${month.format(date)}`;

/** `14:00`. */
export const timeOf = (date: Date): string => timeWords.format(date);

/** A day or a moment as a date; undefined when it is neither. A day is its midnight here. */
export function toDate(value: string): Date | undefined {
  const date = new Date(DAY.test(value) ? `${value}T00:00` : value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** `today`, `tomorrow, 14:00`, `Thu 26 Nov`. What is no date is given back as it is. */
export function wordDue(due: string, now: Date): string {
  const date = toDate(due);
  if (!date) return due;
  const near: Record<string, string> = {
    [dayOf(new Date(now.getTime() - DAY_MS))]: 'yesterday',
    [dayOf(now)]: 'today',
    [dayOf(new Date(now.getTime() + DAY_MS))]: 'tomorrow',
  };
  const day = near[dayOf(date)] ?? `${weekdayOf(date)} ${dateOf(date)}`;
  return DAY.test(due) ? day : `${day}, ${timeOf(date)}`;
}

/** Whether a day has ended, or a moment has passed. */
export function isPast(due: string, now: Date): boolean {
  const date = toDate(due);
  return date !== undefined && date.getTime() + (DAY.test(due) ? DAY_MS : 0) <= now.getTime();
}

/** What a date and a time field hold, as the API takes it: a day alone, or a moment in UTC. */
export function fromFields(day: string, time: string): string {
  return time === '' ? day : (toDate(`${day}T${time}`)?.toISOString() ?? day);
}

/** A moment for a `datetime-local` field. */
export function toLocalField(moment: string): string {
  const date = toDate(moment);
  return date ? `${dayOf(date)}T${timeOf(date)}` : '';
}
