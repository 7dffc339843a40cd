/** OpenID Connect `acr` of a session in which two factors were proved; without them it has none. */
export const twoFactors = 'aal2';
