import type { FileObject } from './schemas/files.ts';
import { contentKey } from './storage/content.ts';
import type { Change } from './storage/storage.ts';

/** The file's record, and its content, which was written before, kept as long. */
export function keepFile(file: FileObject): Change[] {
  const until = file.expires_at === undefined ? {} : { expiresAtMs: file.expires_at * 1000 };
  return [
    {
      type: 'put',
      kind: 'file',
      id: file.id,
      scope: file.purpose,
      value: JSON.stringify(file),
      ...until,
    },
    { type: 'replace', ...contentKey(file.id), value: '', ...until },
  ];
}
