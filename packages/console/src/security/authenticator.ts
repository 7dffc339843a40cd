import { startAuthentication, startRegistration } from '@simplewebauthn/browser';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import type { Client } from '../client/api.ts';

type CreationOptions = Awaited<ReturnType<Client['factor']['passkeyOptions']>>;
type RequestOptions = Awaited<ReturnType<Client['session']['passkeyOptions']>>;
type Registration = Parameters<Client['factor']['addPasskey']>[0]['response'];
type Assertion = Parameters<Client['session']['signInWithPasskey']>[0]['response'];

/** A passkey that was not made or used, as the console tells of it. */
export class PasskeyFailure extends Error {
  readonly code: string;
  readonly status = 0;

  constructor(code: string, cause: unknown) {
    super('The passkey was not used.', { cause });
    this.code = code;
  }
}

/**
 * Has the browser make a passkey.
 *
 * @throws {PasskeyFailure}
 */
export async function makePasskey(options: CreationOptions): Promise<Registration> {
  const optionsJSON = options as PublicKeyCredentialCreationOptionsJSON;
  return toRegistration(await explaining(() => startRegistration({ optionsJSON })));
}

/**
 * Has the browser use a passkey.
 *
 * @param options.autofill waits, without asking, until the person picks one where they type their address
 * @throws {PasskeyFailure}
 */
export async function usePasskey(options: RequestOptions, { autofill = false } = {}): Promise<Assertion> {
  const optionsJSON = options as PublicKeyCredentialRequestOptionsJSON;
  return toAssertion(
    await explaining(() => startAuthentication({ optionsJSON, useBrowserAutofill: autofill })),
  );
}

function toRegistration({ id, type, response }: RegistrationResponseJSON): Registration {
  const { clientDataJSON, attestationObject, transports = [] } = response;
  return { id, type: publicKey(type), response: { clientDataJSON, attestationObject, transports } };
}

function toAssertion({ id, type, response }: AuthenticationResponseJSON): Assertion {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  const named = userHandle === undefined ? {} : { userHandle };
  return { id, type: publicKey(type), response: { clientDataJSON, authenticatorData, signature, ...named } };
}

function publicKey(type: string): 'public-key' {
  if (type !== 'public-key') throw new PasskeyFailure('passkey_unsupported', type);
  return type;
}

const codes: Readonly<Record<string, string>> = {
  NotAllowedError: 'passkey_cancelled',
  AbortError: 'passkey_cancelled',
  InvalidStateError: 'passkey_known',
  SecurityError: 'passkey_elsewhere',
  NotSupportedError: 'passkey_unsupported',
  ConstraintError: 'passkey_unsupported',
};

async function explaining<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    throw new PasskeyFailure(codes[name] ?? 'passkey_unsupported', error);
  }
}
