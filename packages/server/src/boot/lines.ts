import { kernelLine } from '@bulkhead/kernel';
import type { MigrationLine } from '@bulkhead/kernel';
import type { Module } from '../module.ts';

/** Every line of migrations in the order they are applied: kernel, platform, modules. */
export function migrationLines(modules: readonly Module[]): MigrationLine[] {
  const platform = new URL('../sql/', import.meta.resolve('@bulkhead/platform/errors'));
  return [
    kernelLine,
    { line: 'platform', folder: platform },
    ...modules.map(({ name, migrations }) => ({ line: name, folder: migrations })),
  ];
}
