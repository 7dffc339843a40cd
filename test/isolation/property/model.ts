/** What three tenants' tables must hold, kept in memory: the reference that the database is compared with. */

export type TableName = 'shelf' | 'book' | 'slip';

export type ModelRow = {
  id: string;
  table: TableName;
  tenant: string;
  /** null for shelves, which belong to the whole tenant */
  company: string | null;
  code: string;
  title: string;
  deleted: boolean;
  parent: string | null;
};

/** Who looks: no company means all of the tenant's. */
export type Viewer = { tenant: string; company: string | undefined };

export class Model {
  readonly #rows = new Map<string, ModelRow>();
  /** entries that the audit must have, by tenant */
  readonly changes = new Map<string, number>();
  /** batches refused because they straddle tenants, by tenant */
  readonly refusedBatches = new Map<string, number>();

  sees(viewer: Viewer, row: ModelRow): boolean {
    const { tenant, company } = viewer;
    return (
      row.tenant === tenant && (row.company === null || company === undefined || row.company === company)
    );
  }

  visible(viewer: Viewer, table: TableName): ModelRow[] {
    return [...this.#rows.values()].filter(
      (row) => row.table === table && !row.deleted && this.sees(viewer, row),
    );
  }

  all(table?: TableName): ModelRow[] {
    return [...this.#rows.values()].filter((row) => table === undefined || row.table === table);
  }

  /** Two tenants may have rows of the same id, and do not notice. */
  find(tenant: string, id: string): ModelRow | undefined {
    return this.#rows.get(`${tenant} ${id}`);
  }

  /** Whether a key of the table is taken: each carries the scope, and counts deleted rows. */
  taken({ id, table, tenant, company, code }: ModelRow): boolean {
    const isTwin = (row: ModelRow): boolean =>
      table !== 'slip' && row.company === company && row.code === code;
    return this.all(table).some((row) => row.tenant === tenant && (row.id === id || isTwin(row)));
  }

  /** Whether a row may refer to the parent: same tenant, and same company where both have one. */
  refersSoundly(row: ModelRow): boolean {
    if (row.parent === null) return true;
    const parent = this.find(row.tenant, row.parent);
    if (parent === undefined) return false;
    return parent.company === null || parent.company === row.company;
  }

  put(row: ModelRow): void {
    this.#rows.set(`${row.tenant} ${row.id}`, row);
    this.#count(row.tenant);
  }

  remove(row: ModelRow): void {
    this.#rows.delete(`${row.tenant} ${row.id}`);
    this.#count(row.tenant);
  }

  #count(tenant: string): void {
    this.changes.set(tenant, (this.changes.get(tenant) ?? 0) + 1);
  }

  /** Takes the tenant's part back to what it was; answers the function that does. */
  remember(tenant: string): () => void {
    const rows = this.all().filter((row) => row.tenant === tenant);
    const changes = this.changes.get(tenant) ?? 0;
    return () => {
      for (const row of this.all()) if (row.tenant === tenant) this.#rows.delete(`${tenant} ${row.id}`);
      for (const row of rows) this.#rows.set(`${tenant} ${row.id}`, row);
      this.changes.set(tenant, changes);
    };
  }
}
