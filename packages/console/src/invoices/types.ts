import type { Client } from '../client/api.ts';

export type InvoiceList = Awaited<ReturnType<Client['books']['invoices']['list']>>;
export type Invoice = InvoiceList['items'][number];
export type InvoiceWithLines = Awaited<ReturnType<Client['books']['invoices']['get']>>;
export type InvoiceInput = Parameters<Client['books']['invoices']['create']>[0];
