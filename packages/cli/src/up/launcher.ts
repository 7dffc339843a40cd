import { readFileSync } from 'node:fs';

function statOf(pid: number): { name: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return {
      name: stat.slice(stat.indexOf('(') + 1, end),
      parent: Number(stat.slice(end + 2).split(' ')[1]),
    };
  } catch {
    return undefined;
  }
}

/**
 * The process that launched this one: its parent, or, where npm's shell stands between, that shell's
 * parent. Changes once that process is gone. Only on Linux can the shell be looked through.
 */
export function launcher(): number {
  const parent = process.ppid;
  const shell = statOf(parent);
  return shell !== undefined && /^(?:da|ba)?sh$/.test(shell.name) ? shell.parent : parent;
}
