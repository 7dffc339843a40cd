/** Whose things a command is about. */
export const tenantOption = {
  tenant: {
    kind: 'text',
    placeholder: 'UUID',
    summary: 'the tenant; tenant list shows them',
    required: true,
  },
} as const;

/** Why, for the tenant's audit log. */
export const reasonOption = {
  reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
} as const;
