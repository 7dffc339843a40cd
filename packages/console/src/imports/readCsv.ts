/** A file that cannot be sent, in the form of the server's own problems. */
class FileProblem extends Error {
  override readonly name = 'FileProblem';
  readonly code = 'file_not_utf8';
  readonly status = 422;
}

/**
 * The text of a CSV file. Bytes that are not UTF-8 are refused rather than replaced, since a replaced letter
 * would end up in the books.
 *
 * @throws {FileProblem} `file_not_utf8`
 */
export async function readCsv(file: Blob): Promise<string> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FileProblem('The file is not in UTF-8.', { cause: error });
  }
}
