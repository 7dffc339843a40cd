import { localStorageColorSchemeManager } from '@mantine/core';

/** The key is the one that `public/color-scheme.js` reads before the first paint. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'bulkhead-color-scheme' });
