import { text } from '../json.ts';

/** What a form's fields hold, by name. A box that is not ticked is not there. */
export type Values = Readonly<Record<string, string>>;

/** The form's values, each replaced by the one `saved` has for it. */
export function readForm(form: HTMLFormElement, saved?: unknown): Values {
  const values = new FormData(form).entries().map(([name, value]) => {
    const now = typeof value === 'string' ? value : '';
    return [name, text(saved, name) ?? now] as const;
  });
  return Object.fromEntries(values);
}

/** Puts back what `readForm` gave in an earlier visit. What does not fit the form is left out. */
export function fillForm(form: HTMLFormElement, saved: unknown): void {
  if (typeof saved !== 'object' || saved === null) return;
  for (const control of form.elements) {
    if (
      !(
        control instanceof HTMLInputElement ||
        control instanceof HTMLSelectElement ||
        control instanceof HTMLTextAreaElement
      )
    )
      continue;
    const value = text(saved, control.name);
    if (control instanceof HTMLInputElement && control.type === 'checkbox')
      control.checked = value !== undefined;
    else if (control instanceof HTMLInputElement && control.type === 'radio')
      control.checked = value === undefined ? control.defaultChecked : control.value === value;
    else if (control.type !== 'file') control.value = value ?? '';
  }
}
