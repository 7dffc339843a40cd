import type { CSSVariablesResolver, MantineThemeOverride } from '@mantine/core';

/** The console's theme. Contrast of every text colour on its ground is at least 4.5:1 (WCAG 2.2, 1.4.3). */
export const theme: MantineThemeOverride = {
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '650', textWrap: 'balance' },
  colors: {
    harbour: [
      '#e9f4f8',
      '#d2e7ef',
      '#a6cfdf',
      '#77b5cd',
      '#52a0bf',
      '#3689ab',
      '#246f8f',
      '#185f7e',
      '#0f4e6d',
      '#083a53',
    ],
    dark: [
      '#d9dfe4',
      '#bcc5cd',
      '#9aa7b3',
      '#7d8a96',
      '#47545f',
      '#35414c',
      '#28323c',
      '#1b242c',
      '#141b22',
      '#0e1319',
    ],
  },
  components: {
    // Scroll locking and colour-scheme switching would each insert a <style> element; the style sheet does both.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        overlayProps: { backgroundOpacity: 0.45 },
      },
    },
    // The first item takes the focus, not an element of no role inside the menu.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Drawer: { defaultProps: { lockScroll: false } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false } } },
    Select: { defaultProps: { comboboxProps: { shadow: 'md' } } },
  },
};

/** Variables beside Mantine's own: grounds, lines, and the two colours of money and change. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f5f7f9',
    '--mantine-color-text': '#18222b',
    '--mantine-color-dimmed': '#55626e',
    '--mantine-color-placeholder': '#6a7681',
    '--mantine-color-error': '#b4232c',
    '--ground-panel': '#ffffff',
    '--ground-rail': '#0f2f42',
    '--ground-stripe': '#f5f8fa',
    '--ground-hover': '#eef4f7',
    '--line': '#dde3e8',
    '--line-strong': '#c3ccd4',
    '--ink-income': '#0b6e4f',
    '--fill-income': '#178a67',
    '--ink-expense': '#9a3412',
    '--fill-expense': '#d9713c',
    '--ground-added': '#e3f5ec',
    '--ink-added': '#0b5d41',
    '--ground-removed': '#fdebe7',
    '--ink-removed': '#93291a',
    '--focus': '#0b6bb5',
  },
  dark: {
    '--mantine-color-body': 'var(--mantine-color-dark-8)',
    '--mantine-color-text': '#dfe5ea',
    '--mantine-color-dimmed': '#a3b0bb',
    '--mantine-color-placeholder': '#8b98a4',
    '--mantine-color-error': '#ff8f87',
    '--mantine-color-anchor': '#77c3de',
    '--ground-panel': 'var(--mantine-color-dark-7)',
    '--ground-rail': '#0d161d',
    '--ground-stripe': '#1f2932',
    '--ground-hover': '#24303a',
    '--line': '#2f3b46',
    '--line-strong': '#445260',
    '--ink-income': '#58d3a6',
    '--fill-income': '#2f9e78',
    '--ink-expense': '#ffab7d',
    '--fill-expense': '#c9672f',
    '--ground-added': '#12352a',
    '--ink-added': '#7fe0bb',
    '--ground-removed': '#43201b',
    '--ink-removed': '#ffb3a5',
    '--focus': '#6cc6f2',
  },
});
