/** OpenID Connect `acr` of a session in which two factors were proved; without them it has none. */
export const twoFactors = 'aal2';

/** Several proofs' methods together, each once, in their order. */
export function joinMethods(...methods: readonly (readonly string[])[]): string[] {
  return [...new Set(methods.flat())];
}

/** What a passkey that verified the person proves: a key in software that is synchronised, or one bound to its device. */
export function passkeyMethods(synced: boolean): string[] {
  return [synced ? 'swk' : 'hwk', 'user', 'mfa'];
}
