import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

/** A new passkey, as the browser hands it over (WebAuthn level 3, RegistrationResponseJSON); base64url throughout. */
export type PasskeyRegistration = {
  id: string;
  response: { clientDataJSON: string; attestationObject: string; transports?: string[] | undefined };
};

/** An answer to a challenge (WebAuthn level 3, AuthenticationResponseJSON); base64url throughout. */
export type PasskeyAssertion = {
  id: string;
  response: {
    clientDataJSON: string;
    authenticatorData: string;
    signature: string;
    userHandle?: string | undefined;
  };
};

const form = { type: 'public-key', clientExtensionResults: {} } as const;

/** Nothing but what is verified reaches the library: what a browser says of its extensions is only its word. */
export function toRegistrationResponse({ id, response }: PasskeyRegistration): RegistrationResponseJSON {
  const { clientDataJSON, attestationObject, transports = [] } = response;
  return { ...form, id, rawId: id, response: { clientDataJSON, attestationObject, transports } };
}

export function toAuthenticationResponse({ id, response }: PasskeyAssertion): AuthenticationResponseJSON {
  const { clientDataJSON, authenticatorData, signature } = response;
  return { ...form, id, rawId: id, response: { clientDataJSON, authenticatorData, signature } };
}
