import type { ClientBase } from 'pg';

export type NewDeviceNotice = {
  accountId: string;
  /** The address on record. */
  email: string;
  name: string;
  at: Date;
  ip: string | undefined;
  /** As the browser named itself, cut to 512 characters: text from outside. */
  userAgent: string | undefined;
};

export type LockNotice = {
  accountId: string;
  email: string;
  name: string;
  at: Date;
  /** From then on sign-in is possible again. */
  until: Date;
  ip: string | undefined;
};

export type FactorNotice = {
  accountId: string;
  email: string;
  name: string;
  at: Date;
  /** `replace`: new recovery codes took the place of the old. `spend`: a recovery code stood in for a factor. */
  change: 'add' | 'remove' | 'replace' | 'spend';
  kind: 'totp' | 'passkey' | 'recovery_code';
  /** The owner's name for it; absent for recovery codes. */
  label?: string | undefined;
  ip: string | undefined;
  userAgent: string | undefined;
};

/**
 * What an account is told by mail. Each is called in the transaction of what it tells of, so that a message is
 * queued exactly when that happened; it must not send anything itself.
 */
export type Notices = {
  signInFromNewDevice(client: ClientBase, notice: NewDeviceNotice): Promise<void>;
  /** Too many failed sign-ins: the answer on the screen does not say so, only this does (AUT-12). */
  signInLocked(client: ClientBase, notice: LockNotice): Promise<void>;
  factorChanged(client: ClientBase, notice: FactorNotice): Promise<void>;
};

/** Tells nobody anything: a service without mail. */
export const noNotices: Notices = {
  signInFromNewDevice: () => Promise.resolve(),
  signInLocked: () => Promise.resolve(),
  factorChanged: () => Promise.resolve(),
};
