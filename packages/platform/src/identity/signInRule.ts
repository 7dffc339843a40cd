import type { Device, VouchingConnection } from './session.ts';

/** What somebody proved first. */
export type FirstProof = 'password' | 'magic_link' | 'provider' | 'passkey';

/** A second factor, as a client names it when it redeems a challenge. */
export type FactorKind = 'totp' | 'passkey' | 'recovery_code';

/** A sign-in whose first proof was accepted. */
export type SignInAttempt = {
  accountId: string;
  device: Device;
  /** Everything proved so far, as RFC 8176 amr values: pwd, otp, hwk, mfa … */
  methods: readonly string[];
  verifiedBy: FirstProof;
  /** The second factor that was proved too: the challenge of an earlier attempt is being redeemed. */
  secondFactor?: FactorKind | undefined;
  /** Authentication context class of the session (OpenID Connect acr). Default none. */
  acr?: string | undefined;
  /** Password: the stored hash that was matched. A password changed since then refuses the attempt. */
  passwordHash?: string | undefined;
  /** Password: what `beginSignIn` counted, to be taken back. */
  countedAttempt?: string | undefined;
  /** The tenant's connection that vouched for the first proof: the session will be confined to its tenant. */
  connection?: VouchingConnection | undefined;
  /** When the session ends at the latest, in milliseconds since the epoch: the provider's own ends then. Default: never. */
  endsAt?: number | undefined;
};

/** The account of an attempt, locked against a change until the sign-in has ended. */
export type AttemptAccount = { id: string; email: string; emailNormalised: string; name: string };

export type SignInVerdict =
  | { kind: 'allow' }
  | {
      kind: 'factor_required';
      /** Opaque, five minutes, single use. */
      challenge: string;
      /** Any one of them suffices. Not empty. */
      factors: readonly FactorKind[];
    };
