import {
  convertCssVariables,
  defaultCssVariablesResolver,
  mergeMantineTheme,
  DEFAULT_THEME,
} from '@mantine/core';
import type { Plugin } from 'vite';
import { cssVariables, theme } from '../src/theme.ts';

const moduleName = 'virtual:theme-variables.css';
const resolvedName = `\0${moduleName}`;

/**
 * Mantine writes the theme's CSS variables and its breakpoint classes into `<style>` elements at run
 * time, which a content security policy without 'unsafe-inline' refuses. Here they become part of the
 * static style sheet at build time; the provider is told to write neither.
 */
export function themeVariables(): Plugin {
  return {
    name: 'bulkhead:theme-variables',
    resolveId: (id) => (id === moduleName ? resolvedName : undefined),
    load: (id) => (id === resolvedName ? themeCss() : undefined),
  };
}

/** The style sheet of the theme: all variables for both colour schemes, then the visibility classes. */
export function themeCss(): string {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const defaults = defaultCssVariablesResolver(merged);
  const own = cssVariables(merged);
  const css = convertCssVariables(
    {
      variables: { ...defaults.variables, ...own.variables },
      light: { ...defaults.light, ...own.light },
      dark: { ...defaults.dark, ...own.dark },
    },
    ':root',
  );
  return `${css}\n${visibilityClasses(merged.breakpoints)}`;
}

function visibilityClasses(breakpoints: Record<string, string>): string {
  const lines: string[] = [];
  for (const [name, width] of Object.entries(breakpoints)) {
    lines.push(`@media (width < ${width}) { .mantine-visible-from-${name} { display: none !important; } }`);
    lines.push(`@media (width >= ${width}) { .mantine-hidden-from-${name} { display: none !important; } }`);
  }
  return lines.join('\n');
}
