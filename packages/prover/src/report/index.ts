import { htmlReport } from './html.ts';
import type { Report } from './report.ts';
import { sarifReport } from './sarif.ts';
import { textReport } from './text.ts';

export const reportFormats = ['text', 'json', 'sarif', 'html'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const writers: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  text: textReport,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  sarif: (report) => `${JSON.stringify(sarifReport(report), null, 2)}\n`,
  html: htmlReport,
};

/** A report's whole text in a format, with a line feed at its end. */
export const writeReport = (report: Report, format: ReportFormat): string => writers[format](report);
