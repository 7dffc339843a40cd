import type { OpenApiDocument, OpenApiOperation } from './document.ts';

/** Where the page's style sheet is served; the policy allows no inline style. */
export const docsStylePath = '/api/docs.css';

/** The readable page of an OpenAPI document: one section a tag, one article an operation. */
export function renderPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'Other');
  const tags = [...byTag.keys()];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(document.info.title)}</title>
<link rel="stylesheet" href="${docsStylePath}">
</head>
<body>
<header>
<h1>${escape(document.info.title)} <small>${escape(document.info.version)}</small></h1>
<p>${escape(document.info.description ?? '')}</p>
<p><a href="/api/openapi.json">OpenAPI ${escape(document.openapi)} document</a></p>
<nav aria-label="Sections"><ul>${tags.map((tag) => `<li><a href="#${anchor(tag)}">${escape(tag)}</a></li>`).join('')}</ul></nav>
</header>
<main>
${[...byTag].map(([tag, listed]) => renderTag(tag, listed)).join('\n')}
${renderWebhooks(document)}
</main>
</body>
</html>
`;
}

/** The events endpoints receive, with the fields of their data. */
function renderWebhooks({ webhooks = {} }: OpenApiDocument): string {
  const events = Object.entries(webhooks);
  if (events.length === 0) return '';
  const articles = events.map(([type, { post }]) => {
    const body = asSchema(post.requestBody.content['application/json'].schema);
    const data = asSchema(body.properties?.['data']);
    const rows = Object.entries(data.properties ?? {}).map(
      ([name, field]) =>
        `<tr><td><code>${escape(name)}</code></td><td>${escape(describeType(field))}</td></tr>`,
    );
    return `<article id="${anchor(post.operationId)}">
<h3><code class="method">POST</code> <code>${escape(type)}</code></h3>
<p>${escape(post.summary)}</p>
<table><thead><tr><th scope="col">In <code>data</code></th><th scope="col">Type</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
</article>`;
  });
  return `<section id="${anchor('Events sent to endpoints')}"><h2>Events sent to endpoints</h2>
${articles.join('\n')}
</section>`;
}

type Listed = { path: string; method: string; operation: OpenApiOperation };

function renderTag(tag: string, listed: readonly Listed[]): string {
  return `<section id="${anchor(tag)}"><h2>${escape(tag)}</h2>
${listed.map(renderOperation).join('\n')}
</section>`;
}

function renderOperation({ path, method, operation }: Listed): string {
  return `<article id="${anchor(operation.operationId)}">
<h3><code class="method">${escape(method.toUpperCase())}</code> <code>/api${escape(path)}</code></h3>
<p>${escape(operation.summary ?? '')}</p>
<p>Needs <code>${escape(operation['x-permission'])}</code>. RPC: <code>${escape(operation.operationId)}</code>.</p>
${renderInputs(operation)}
${renderErrors(operation)}
</article>`;
}

function renderInputs(operation: OpenApiOperation): string {
  const parameters = (operation.parameters ?? []).map((parameter) => ({
    name: parameter.name,
    place: parameter.in,
    required: parameter.required === true,
    schema: parameter.schema,
  }));
  const rows = [...parameters, ...bodyFields(operation)];
  if (rows.length === 0) return '<p>No input.</p>';
  return `<table><thead><tr><th scope="col">Input</th><th scope="col">In</th><th scope="col">Type</th></tr></thead><tbody>
${rows
  .map(
    ({ name, place, required, schema }) =>
      `<tr><td><code>${escape(name)}</code>${required ? '' : ' <small>optional</small>'}</td><td>${escape(place)}</td><td>${escape(describeType(schema))}</td></tr>`,
  )
  .join('\n')}
</tbody></table>`;
}

type JsonSchema = {
  type?: string | string[];
  format?: string;
  properties?: Record<string, unknown>;
  required?: string[];
  items?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: unknown[];
  oneOf?: unknown[];
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  default?: unknown;
};

function asSchema(schema: unknown): JsonSchema {
  return typeof schema === 'object' && schema !== null ? schema : {};
}

function bodyFields(operation: OpenApiOperation) {
  const content = Object.values(operation.requestBody?.content ?? {});
  const schema = asSchema(content[0]?.schema);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    place: 'body',
    required: schema.required?.includes(name) === true,
    schema: field,
  }));
}

function describeType(value: unknown): string {
  const schema = asSchema(value);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(describeType).filter(Boolean).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.items !== undefined) return `list of ${describeType(schema.items)}`;
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? '');
  const limits = [
    schema.format,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
    schema.minimum === undefined ? undefined : `from ${schema.minimum}`,
    schema.maximum === undefined ? undefined : `to ${schema.maximum}`,
    schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`,
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? type : `${type} (${limits.join(', ')})`;
}

function renderErrors(operation: OpenApiOperation): string {
  const rows = operation['x-errors'].map(
    ({ status, code, message }) =>
      `<tr><td>${status}</td><td><code>${escape(code)}</code></td><td>${escape(message)}</td></tr>`,
  );
  return `<details><summary>${rows.length} errors</summary><table><thead><tr><th scope="col">Status</th><th scope="col">Code</th><th scope="col">Meaning</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></details>`;
}

function anchor(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** The page's style sheet. */
export const docsStyle = `:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code { font: 0.95em ui-monospace, monospace; }
h3 { margin-bottom: 0.25rem; }
article { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.2rem 0.75rem 0.2rem 0; vertical-align: top; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; list-style: none; }
.method { font-weight: 700; }
`;
