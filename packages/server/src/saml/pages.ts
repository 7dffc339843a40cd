import { escapeHtml } from '@bulkhead/platform/content';
import { renderPage } from '../provider/pages.ts';

/** The script that submits the form of the POST binding. */
export const submitScript = `document.querySelector('form')?.submit();\n`;
export const submitScriptPath = '/sign-in/saml/submit.js';

/** Carries a signed request to the identity provider (bindings, section 3.5). Without scripts, a button does. */
export function requestPage(
  url: string,
  { fields, nonce }: { fields: Readonly<Record<string, string>>; nonce: string },
): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return renderPage({
    title: 'On to your organisation’s sign-in',
    body: `<form method="post" action="${escapeHtml(url)}">
${inputs.join('\n')}
<button type="submit">Continue</button>
</form>
<script src="${submitScriptPath}" nonce="${nonce}" defer></script>`,
  });
}

/**
 * Leads the browser on after the provider's post, in a navigation of our own: only then does it send our cookies. A
 * redirect would still be the provider's.
 *
 * @param path of this origin
 */
export function onwardPage(path: string): string {
  const address = escapeHtml(path);
  const page = renderPage({
    title: 'Signing you in',
    body: `<p><a href="${address}">Continue</a></p>`,
  });
  return page.replace(
    '<meta charset="utf-8">',
    `<meta charset="utf-8">\n<meta http-equiv="refresh" content="0;url=${address}">`,
  );
}

/** The one answer to whatever was wrong with a sign-in; the reason stands in the log and the audit entry. */
export function refusalPage({ message, requestId }: { message: string; requestId: string }): string {
  return renderPage({
    title: 'You could not be signed in',
    body: `<p>${escapeHtml(message)}</p>
<p>If it happens again, give the administrator of your organisation this code: <code>${escapeHtml(requestId)}</code></p>
<p><a href="/sign-in">Back to the sign-in page</a></p>`,
  });
}
