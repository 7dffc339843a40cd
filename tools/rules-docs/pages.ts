import { readFile } from 'node:fs/promises';
import { rules } from '../../packages/prover/src/rules/index.ts';
import { rulePage, rulesPage, type Examples } from '../../packages/prover/src/rules/page.ts';

const fixtures = new URL('../../test/prover/fixtures/rules/', import.meta.url);

/** Every page of docs/rules by file name. */
export async function rulePages(): Promise<Map<string, string>> {
  const pages = new Map([['README.md', rulesPage(rules)]]);
  for (const rule of rules) pages.set(`${rule.id}.md`, rulePage(rule, await examplesOf(rule.id)));
  return pages;
}

async function examplesOf(id: string): Promise<Examples> {
  try {
    const [bad, good] = await Promise.all(
      ['bad', 'good'].map((kind) => readFile(new URL(`${id}.${kind}.sql`, fixtures), 'utf8')),
    );
    return bad === undefined || good === undefined ? null : { bad, good };
  } catch {
    return null;
  }
}
