/** The kernel's `ContextSealer`, as far as the slices need it. */
export type Sealer = {
  seal(context: {
    tenant: string;
    actor: { kind: 'account' | 'api_key' | 'job' | 'operator' | 'service'; id: string };
  }): string;
};
