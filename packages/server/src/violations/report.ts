import * as z from 'zod';

/** What is kept of a report: where the policy stopped what kind of thing. Nothing of what was stopped. */
export type Violation = {
  /** `script-src-elem`; `other` for what is no directive. */
  directive: string;
  /** A keyword (`inline`, `eval`, `trusted-types-sink` …), an origin, a scheme, or `other`. */
  blocked: string;
  /** Path of the page, without query or fragment; `other` when it is not a plain one. */
  page: string;
  /** Path of the script that did it, the same way; undefined: not told. */
  source: string | undefined;
  line: number | undefined;
};

/** Reports that one request may carry; browsers batch them. */
const most = 20;

const address = z.string().max(16_384).optional();
const number = z.number().optional();

/** Sent by `report-uri` (CSP level 3 section 5.3). */
const legacy = z.object({
  'csp-report': z.object({
    'document-uri': address,
    'blocked-uri': address,
    'effective-directive': address,
    'violated-directive': address,
    'source-file': address,
    'line-number': number,
  }),
});

/** Sent by `report-to` (Reporting API section 3.3, CSP level 3 section 5.2); other types of report are passed over. */
const batch = z
  .array(
    z.object({
      type: z.string().max(100),
      body: z
        .object({
          documentURL: address,
          blockedURL: address,
          effectiveDirective: address,
          sourceFile: address.nullable(),
          lineNumber: number.nullable(),
        })
        .nullable(),
    }),
  )
  .max(most);

/** Reads either format; undefined: it is neither. */
export function readReports(value: unknown): Violation[] | undefined {
  const one = legacy.safeParse(value);
  if (one.success) {
    const report = one.data['csp-report'];
    return [
      violation({
        directive: report['effective-directive'] ?? report['violated-directive'],
        blocked: report['blocked-uri'],
        page: report['document-uri'],
        source: report['source-file'],
        line: report['line-number'],
      }),
    ];
  }
  const many = batch.safeParse(value);
  if (!many.success) return undefined;
  return many.data.flatMap(({ type, body }) =>
    type !== 'csp-violation' || body === null
      ? []
      : [
          violation({
            directive: body.effectiveDirective,
            blocked: body.blockedURL,
            page: body.documentURL,
            source: body.sourceFile ?? undefined,
            line: body.lineNumber ?? undefined,
          }),
        ],
  );
}

type Told = Partial<Record<'directive' | 'blocked' | 'page' | 'source', string | undefined>> & {
  line?: number | undefined;
};

function violation({ directive, blocked, page, source, line }: Told): Violation {
  return {
    // The older field holds the whole directive with its sources.
    directive: /^[a-z-]{1,40}(?= |$)/.exec(directive ?? '')?.[0] ?? 'other',
    blocked: blockedBy(blocked ?? ''),
    page: pathOf(page ?? ''),
    source: source === undefined || source === '' ? undefined : pathOf(source),
    line: line !== undefined && Number.isSafeInteger(line) && line >= 0 ? line : undefined,
  };
}

/** An address tells its origin alone: its path and query may be somebody's secret. */
function blockedBy(text: string): string {
  if (/^[a-z-]{1,40}$/.test(text)) return text;
  const url = URL.parse(text);
  if (url === null) return 'other';
  return url.origin === 'null' ? url.protocol.slice(0, 40) : url.origin.slice(0, 300);
}

function pathOf(text: string): string {
  const path = URL.parse(text)?.pathname ?? '';
  return /^\/[A-Za-z0-9._~/-]{0,199}$/.test(path) ? path : 'other';
}
