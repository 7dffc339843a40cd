/** A refusal of a plain request, in the form that the typed client throws. */
class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: string;
  readonly status: number;
  readonly data: Record<string, unknown>;

  constructor(status: number, problem: Record<string, unknown>) {
    super(typeof problem['title'] === 'string' ? problem['title'] : 'The file could not be made.');
    this.status = status;
    this.code = typeof problem['code'] === 'string' ? problem['code'] : 'unexpected';
    this.data = problem;
  }
}

/** Asks for a file; what is large lies on the browser's disk, not in its memory. */
export async function postForFile(
  url: string,
  { headers, input }: { headers: Record<string, string>; input: Record<string, unknown> },
): Promise<Blob> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  if (response.ok) return response.blob();
  const problem: unknown = await response.json().catch(() => null);
  throw new FileError(response.status, problem !== null && typeof problem === 'object' ? { ...problem } : {});
}

/** Offers a file to be saved under a name. */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by the next turn of the loop; until then the address must hold.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
