import type { ErrorMap } from '@orpc/contract';
import { OpenAPIGenerator } from '@orpc/openapi';
import type { AnyRouter } from '@orpc/server';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import type { MountedProcedure } from '../rpc/procedures.ts';
import type { CatalogueEvent } from '../webhooks/out/catalogue.ts';
import { webhooksIn } from '../webhooks/out/document.ts';
import type { WebhookItem } from '../webhooks/out/document.ts';

/** What the page and the tests read of an OpenAPI 3.1 document. */
export type OpenApiOperation = {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, unknown>;
  'x-permission': string;
  'x-rate': string;
  'x-errors': { status: number; code: string; message: string }[];
};

export type OpenApiDocument = {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, OpenApiOperation>>;
  /** What endpoints receive, by the event's type. */
  webhooks?: Record<string, WebhookItem>;
  components?: unknown;
};

const problemSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; a program may switch on it.' },
    requestId: { type: 'string' },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
        required: ['path', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'code', 'requestId'],
};

/** The OpenAPI 3.1 document of a router, with each procedure's permission, rate class and errors. */
export async function createDocument(
  router: AnyRouter,
  options: {
    procedures: readonly MountedProcedure[];
    version: string;
    /** What is sent to tenants' endpoints. */
    events?: readonly CatalogueEvent[];
  },
): Promise<OpenApiDocument> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const generated: unknown = await generator.generate(router, {
    info: {
      title: 'Bulkhead API',
      version: options.version,
      description:
        'Every request acts in one tenant: the one named in the bulkhead-tenant header, or the only one its account is a member of. bulkhead-company narrows it to one company.',
    },
    servers: [{ url: '/api' }],
    components: {
      schemas: { Problem: problemSchema as never },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-bulkhead' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  });
  const document = generated as OpenApiDocument;
  for (const procedure of options.procedures) complete(document, procedure);
  document.webhooks = webhooksIn(options.events ?? []);
  return document;
}

function complete(document: OpenApiDocument, procedure: MountedProcedure): void {
  const { method, url, meta } = procedure;
  const operation = document.paths[url]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`The document lacks ${method} ${url}.`);
  const errors = errorsOf(procedure);
  operation['x-permission'] = meta.permission;
  operation['x-rate'] = meta.rate;
  operation['x-errors'] = errors;
  const byStatus = Map.groupBy(errors, ({ status }) => status);
  for (const [status, group] of byStatus) {
    operation.responses = { ...operation.responses, [String(status)]: problemResponse(group) };
  }
  if (meta.permission !== 'public') Object.assign(operation, { security: [{ session: [] }, { token: [] }] });
}

/** What the transport refuses before a procedure is asked. */
const transportErrors: OpenApiOperation['x-errors'] = [
  { status: 400, code: 'malformed_json', message: 'The body is not valid JSON.' },
  { status: 400, code: 'invalid_text', message: 'The text is not valid UTF-8 without NUL characters.' },
  {
    status: 403,
    code: 'cross_origin_refused',
    message: 'The request does not come from this site’s own pages.',
  },
  { status: 413, code: 'body_too_large', message: 'The request body is too large.' },
  { status: 415, code: 'unsupported_media_type', message: 'Send the body as application/json.' },
];
const internal = { status: 500, code: 'internal', message: 'Something went wrong here.' };

function errorsOf({ contract, meta, method }: MountedProcedure): OpenApiOperation['x-errors'] {
  const open: ReadonlySet<string> = new Set(
    meta.permission === 'public'
      ? [
          'signed_out',
          'permission_refused',
          'tenant_required',
          'tenant_refused',
          'company_required',
          'company_refused',
        ]
      : [],
  );
  const map = contract['~orpc'].errorMap as ErrorMap;
  return Object.entries(map)
    .filter(([code]) => !open.has(code))
    .map(([code, item]) => ({ status: item?.status ?? 500, code, message: item?.message ?? '' }))
    .concat(method === 'GET' ? [] : transportErrors, [internal])
    .toSorted((one, two) => one.status - two.status || one.code.localeCompare(two.code));
}

function problemResponse(group: OpenApiOperation['x-errors']): unknown {
  return {
    description: group.map(({ code }) => code).join(', '),
    content: {
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    },
  };
}
