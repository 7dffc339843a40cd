import { escapeHtml } from '@bulkhead/platform/content';

/** One of the few pages the provider shows itself: no inline script, no inline style, nothing from elsewhere. */
export type Page = { title: string; body: string };

/** Where the provider's pages find their stylesheet and the script that submits the sign-out form. */
export const pageAssets = { style: '/oidc/page.css', submit: '/oidc/submit.js' } as const;

/** @param options.nonce lets the script that presses "Sign out" run; undefined: the page has none */
export function renderPage({ title, body }: Page, { nonce }: { nonce?: string | undefined } = {}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} · Bulkhead</title>
<link rel="stylesheet" href="${pageAssets.style}">
${nonce === undefined ? '' : `<script src="${pageAssets.submit}" nonce="${nonce}" defer></script>\n`}</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

/** An answer to a browser whose request cannot be sent back to an application. */
export function errorPage({
  error,
  description,
}: {
  error: string;
  description: string | undefined;
}): string {
  const said = description === undefined ? '' : `<p>${escapeHtml(description)}</p>\n`;
  return renderPage({
    title: 'This sign-in cannot go on',
    body: `${said}<p>Go back to the application and start again. If it happens again, tell its support this code: <code>${escapeHtml(error)}</code></p>`,
  });
}

/**
 * @param form the library's form, with the token against forgery
 * @param options.application who asks; undefined: nobody known
 * @param options.nonce the application proved that it means this person's session: the page submits itself, by a script
 *   with this nonce
 */
export function signOutPage(
  form: string,
  { application, nonce }: { application: string | undefined; nonce: string | undefined },
): string {
  const asked = application === undefined ? '' : `<p>${escapeHtml(application)} asks to sign you out.</p>\n`;
  const body = `${asked}<p>Signing out ends your session here and in every application you opened with it.</p>
${form}
<p><button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<button type="submit" form="op.logoutForm" class="quiet">Stay signed in</button></p>`;
  return renderPage({ title: 'Sign out', body }, { nonce });
}

export const signedOutPage = renderPage({
  title: 'You are signed out',
  body: '<p>Your session has ended here and in every application you opened with it.</p>\n<p><a href="/">Sign in again</a></p>',
});

/** Presses "Sign out". */
export const submitScript = `document.querySelector('button[name=logout]')?.click();\n`;

export const pageStyle = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { max-width: 32rem; padding: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
button { font: inherit; padding: 0.5rem 1rem; }
code { overflow-wrap: anywhere; }
`;
