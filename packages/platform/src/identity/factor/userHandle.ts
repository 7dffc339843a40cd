/** The WebAuthn user handle of an account: the 16 bytes of its id, which says nothing about the person. */
export function userHandleOf(accountId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(accountId.replaceAll('-', ''), 'hex'));
}

/** Whether an authenticator's answer names the account it is used for. */
export function namesAccount(userHandle: string, accountId: string): boolean {
  return Buffer.from(userHandle, 'base64url').equals(userHandleOf(accountId));
}
