/** Puts one record after another and prints the number of each once it is acknowledged, until it is killed. */
import { join } from 'node:path';
import { storagePlaces } from './storages.ts';

const [, , name, folder] = process.argv;
const place = storagePlaces.find((place) => place.name === name)!;
const storage = await place.open({ folder: join(folder!, 'written'), maxMiB: 64, now: () => 0 });
for (let i = 1; ; i++) {
  const key = { kind: 'file', id: `${i}` } as const;
  const result = await storage.write([
    { type: 'put', ...key, value: '{}' },
    { type: 'append', ...key, bytes: new Uint8Array(1000).fill(i) },
  ]);
  if (result !== 'written') throw new Error(result);
  process.stdout.write(`${i}\n`);
}
