/** A context for an account outside every tenant names this one, which no tenant can be. */
export const noTenant = '00000000-0000-0000-0000-000000000000';
