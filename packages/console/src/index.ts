/** Folder of the built console, to be served as static files. Made by `npm run build`. */
export const consoleFolder = new URL('../dist/', import.meta.url);
