/** A text field's value without the spaces around it; empty when the field is missing or a file. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** Like `textOf`, null when nothing is left. */
export function textOrNull(form: FormData, name: string): string | null {
  const value = textOf(form, name);
  return value === '' ? null : value;
}
