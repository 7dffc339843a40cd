import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Module } from '@bulkhead/server/module';
import { CommandFailure } from '../command-line/failure.ts';

function locate(specifier: string, folder: string): string {
  if (specifier.startsWith('.') || isAbsolute(specifier))
    return pathToFileURL(resolve(folder, specifier)).href;
  try {
    return pathToFileURL(createRequire(join(folder, 'package.json')).resolve(specifier)).href;
  } catch {
    // Not installed where we stand: perhaps beside this package.
    return specifier;
  }
}

/**
 * Imports a file or package by the name a person gave.
 *
 * @param folder absolute; relative names start here, and packages are first looked for here
 * @throws CommandFailure when it cannot be imported
 */
export async function importNamed(
  specifier: string,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(locate(specifier, folder))) as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('module_not_loaded', `The module ${specifier} cannot be loaded: ${reason}`, {
      hint: 'Name an installed package, or a file starting with ./',
      cause: error,
    });
  }
}

function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && 'router' in value && 'migrations' in value;
}

/**
 * Loads a business module: the one thing a file exports that `defineModule` made.
 *
 * @throws CommandFailure when there is none, or more than one
 */
export async function loadModule(specifier: string, folder: string): Promise<Module> {
  const exported = await importNamed(specifier, folder);
  const found = new Set(Object.values(exported).filter((value) => isModule(value)));
  const [module, ...more] = found;
  if (module !== undefined && more.length === 0) return module;
  const count = module === undefined ? 'no module' : 'more than one module';
  throw new CommandFailure('module_not_loaded', `${specifier} exports ${count}.`, {
    hint: 'Export one object made with defineModule.',
  });
}
