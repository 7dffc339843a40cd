import * as z from 'zod';

const attributeName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[!-~]+$/, 'must be printable ASCII without spaces');

/**
 * What a SAML connection's `config` holds: how to read what the provider says. What the provider says of itself (entity
 * id, address, certificates) comes from its metadata and stands in identity.saml_provider.
 */
export const samlConfig = z.strictObject({
  /** Attribute with the address. Default: the usual names, then a name identifier that is an address. */
  emailAttribute: attributeName.nullable().default(null),
  /** Attribute with what to call the person. Default: the usual names. */
  nameAttribute: attributeName.nullable().default(null),
  /**
   * Whether the provider's word that a second factor was used is taken. Default false: a person with a second factor
   * here is asked for it (T-39).
   */
  trustsMultiFactor: z.boolean().default(false),
});

export type SamlConfig = z.output<typeof samlConfig>;
