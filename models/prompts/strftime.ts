const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/**
 * Python's strftime for a day such as "26 Jul 2024", at midnight.
 *
 * A day of another form is given back as it is: the door that made it up knew what it wanted.
 */
export function strftime(format: string, date: string): string {
  const [, day, name, year] = /^(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})$/.exec(date) ?? [];
  const month = MONTHS.findIndex((full) => full.slice(0, 3) === name);
  if (day === undefined || year === undefined || month < 0) return date;

  const weekday = DAYS[new Date(Date.UTC(Number(year), month, Number(day))).getUTCDay()]!;
  const fields: Readonly<Record<string, string>> = {
    d: day.padStart(2, '0'),
    m: String(month + 1).padStart(2, '0'),
    y: year.slice(2),
    Y: year,
    b: MONTHS[month]!.slice(0, 3),
    B: MONTHS[month]!,
    a: weekday.slice(0, 3),
    A: weekday,
    H: '00',
    I: '12',
    M: '00',
    S: '00',
    p: 'AM',
    '%': '%',
  };
  return format.replace(/%(.)/g, (whole, field: string) => fields[field] ?? whole);
}
