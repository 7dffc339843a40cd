/**
 * What a slice needs of the kernel's session: one statement under one tenant's sealed context.
 * Structural, so that a slice runs on the kernel's `TenantSession`, on one of its transactions, and in a test.
 */
export type TenantSession = {
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
};
