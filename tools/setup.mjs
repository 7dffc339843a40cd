/**
 * Installs the locked dependencies when node_modules does not match package-lock.json; otherwise does nothing.
 * Runs before every script, under whatever Node is on the machine (16 or newer). The dependencies include the Node
 * that the scripts themselves run on, which npm finds first in its PATH from then on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

if (!isInstalled()) install();

function isInstalled() {
  if (!existsSync(path.join(root, 'node_modules', '.bin', 'node'))) return false;
  const wanted = readLock('package-lock.json');
  const present = readLock(path.join('node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.includes('node_modules/') || entry.link) return true;
    const found = present[place];
    if (found === undefined) return entry.optional === true || entry.peer === true;
    return found.version === entry.version;
  });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  console.log('Installing the locked dependencies (needed once) …');
  // The pinned Node is about to be replaced, so npm must run on the machine's own.
  const outside = (process.env.PATH || '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(path.delimiter);
  const { status, error } = spawnSync(
    'npm',
    ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      env: { ...process.env, PATH: outside },
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (status === 0) return;
  console.error(
    error === undefined
      ? 'The dependencies could not be installed: see npm’s message above, then run the command again.'
      : `npm could not be started (${error.message}): install Node.js with npm, then run the command again.`,
  );
  process.exit(1);
}
