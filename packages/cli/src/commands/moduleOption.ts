import type { Options } from '../command-line/command.ts';

/** The option that names business modules. */
export const moduleOption = {
  module: {
    kind: 'list',
    placeholder: 'NAME',
    summary: 'a business module: an installed package, or a file starting with ./',
  },
} as const satisfies Options;
