/** The query of the lab's search box, with a hole where the visitor's text goes. Broken on purpose. */
export const query = {
  before: "select title, secret from lab.secret where title ilike '%",
  after: "%' order by title",
} as const;

/**
 * What everybody is told not to write: the text becomes part of the statement. Nothing outside the lab may do so; here
 * it is the point, and the database has to hold by itself.
 */
export function injectableSql(text: string): string {
  return `${query.before}${text}${query.after}`;
}
