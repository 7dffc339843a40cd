import { findings, type TrackedFile } from './trackedFiles.ts';

const keyword =
  /\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|CREATE|ALTER|DROP|TABLE|FUNCTION|TRIGGER|POLICY|GRANT|REVOKE|RETURNS?|BEGIN|END|NOT|NULL|DEFAULT|CONSTRAINT|PRIMARY|REFERENCES|UNIQUE|INDEX|DECLARE|LANGUAGE|CHECK|JOIN|AND|OR|AS|ON|IF|THEN|ELSE)\b/g;

const named =
  /\b(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:unlogged\s+)?(?:table|function|procedure|view|materialized\s+view|sequence|type|domain|aggregate)\s+(?:if\s+(?:not\s+)?exists\s+)?(?!if\s)(?!["\w]+\s*\.)["\w]+/g;

/** Numbered files: keywords in lower case, and every object named with its schema. */
export function sqlStyle(file: TrackedFile): string[] {
  const code = { path: file.path, text: withoutProse(file.text) };
  return [
    ...findings(code, keyword, 'SQL keywords are written in lower case'),
    ...findings(code, named, 'name the object with its schema'),
  ];
}

/** Blanks comments, quoted names and string constants (not dollar-quoted bodies), keeping every line where it was. */
export function withoutProse(sql: string): string {
  const prose = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"/g;
  return sql.replace(prose, (found) =>
    found.startsWith('"') ? found.toLowerCase() : found.replace(/[^\n]/g, ' '),
  );
}
