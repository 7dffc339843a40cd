// Runs before the first paint, so that a dark-mode reader sees no white flash.
// An external file because the content security policy refuses inline scripts.
(function () {
  let chosen = null;
  try {
    chosen = window.localStorage.getItem('bulkhead-color-scheme');
  } catch {
    // Storage is refused in some private windows; the system's preference decides then.
  }
  const dark =
    chosen === 'dark' || (chosen !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
