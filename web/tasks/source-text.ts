// The text a task is given: written, pasted, or from a file that is opened or dropped anywhere on the page.
import { within } from '../page.ts';
import { wordCount } from './progress.ts';

const MAX_BYTES = 900_000; // the server takes a body of 1 MiB, with the text's quotes and lines escaped
const MAX_CHARACTERS = 500_000; // of a text, as the server counts
const TEXT_FILE = /\.(?:txt|text|md|markdown)$/i;

/** Throws when the file is no text, or too much of it; the message is for the reader. */
export async function readTextFile(file: File): Promise<string> {
  if (!TEXT_FILE.test(file.name) && !file.type.startsWith('text/'))
    throw new Error(`${file.name} is not a .txt or .md file.`);
  if (file.size > MAX_BYTES)
    throw new Error(
      `${file.name} has ${Math.ceil(file.size / 1000)} kB. At most ${MAX_BYTES / 1000} kB can be read.`,
    );
  const text = decode(await file.arrayBuffer());
  if (text === undefined) throw new Error(`${file.name} is not text in UTF-8.`);
  if (text.length > MAX_CHARACTERS)
    throw new Error(
      `${file.name} has ${wordCount(text.length, 'character')}. At most ${MAX_CHARACTERS.toLocaleString('en')} can be read.`,
    );
  return text;
}

function decode(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Joins the page's text box with its buttons and files. `changed` is told of every new text. */
export function setUpSource(page: HTMLElement, sample: string, changed: () => void): void {
  const area = within<HTMLTextAreaElement>(page, '.source textarea');
  const count = within<HTMLElement>(page, '.count');
  const fault = within<HTMLElement>(page, '.fault');
  const picker = within<HTMLInputElement>(page, 'input[type=file]');
  const [openFile, trySample] = ['open', 'sample'].map((act) =>
    within<HTMLButtonElement>(page, `[data-act=${act}]`),
  );

  let counting = false;
  const recount = () => {
    counting = false;
    const words = area.value.match(/\S+/g)?.length ?? 0;
    const letters = area.value.length;
    count.textContent = words === 0 ? '' : `${wordCount(words, 'word')}, ${wordCount(letters, 'character')}`;
  };
  const tell = () => {
    if (!counting) requestAnimationFrame(recount); // a long text once a frame, however fast the keys
    counting = true;
    fault.textContent = '';
    changed();
  };
  const fill = (text: string) => {
    area.value = text;
    area.setSelectionRange(0, 0);
    area.scrollTop = 0;
    area.focus();
    tell();
  };
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      fill(await readTextFile(file));
    } catch (error) {
      fault.textContent = error instanceof Error ? error.message : String(error);
    }
  };

  area.addEventListener('input', tell);
  trySample!.addEventListener('click', () => fill(sample));
  openFile!.addEventListener('click', () => picker.click());
  picker.addEventListener('change', async () => {
    await take(picker.files?.[0]);
    picker.value = ''; // the same file may be opened again
  });
  area.addEventListener('paste', (event) => {
    const file = event.clipboardData?.files[0];
    if (!file) return;
    event.preventDefault();
    void take(file);
  });

  const over = (event: DragEvent, on: boolean) => {
    if (!event.dataTransfer?.types.includes('Files')) return false;
    event.preventDefault(); // the browser would open the file in the page's place
    page.classList.toggle('dropping', on);
    return true;
  };
  page.addEventListener('dragover', (event) => over(event, true));
  page.addEventListener('dragleave', (event) => {
    if (!(event.relatedTarget instanceof Node && page.contains(event.relatedTarget))) over(event, false);
  });
  page.addEventListener('drop', (event) => {
    if (over(event, false)) void take(event.dataTransfer!.files[0]);
  });
  tell();
}
