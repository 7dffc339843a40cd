/** A text field's value as it was typed; empty when the field is missing or a file. */
export function typedText(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** A text field's value without the spaces around it. */
export function textOf(form: FormData, name: string): string {
  return typedText(form, name).trim();
}

/** Like `textOf`, null when nothing is left. */
export function textOrNull(form: FormData, name: string): string | null {
  const value = textOf(form, name);
  return value === '' ? null : value;
}
