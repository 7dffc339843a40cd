import { bearersOf, type Assertion } from './assertion.ts';
import { SamlFailure } from './failure.ts';

/** What the response around the assertion says; from its signed bytes when it is signed. */
export type ResponseFacts = {
  issuer: string | undefined;
  destination: string | undefined;
  inResponseTo: string | undefined;
};

/** What this service expects the message to say. */
export type Expectation = {
  /** The connection's identity provider. */
  entityId: string;
  /** This service's entity id for the connection. */
  audience: string;
  /** The address the message was received at. */
  acsUrl: string;
  /** ID of the one request it may answer. */
  requestId: string;
  /** Milliseconds since the epoch. */
  at: number;
};

export type Judged = { response: ResponseFacts; assertion: Assertion };
export type Check = { name: string; check: (judged: Judged, expected: Expectation) => void };

/** How far the two clocks may be apart, in milliseconds, at each edge. */
export const clockSkew = 60_000;
/** An assertion is made for one sign-in: one that is valid for longer than this, in milliseconds, is refused. */
export const longestLife = 24 * 3_600_000;

/**
 * What node-saml leaves unchecked unless told, and what it cannot check (SAML 2.0 core 2.4.1.2 and 2.5.1, profiles
 * 4.1.4.3). All of it reads the signed assertion.
 */
export const checks: readonly Check[] = [
  {
    name: 'issuer',
    check: ({ response, assertion }, { entityId }) => {
      if (assertion.issuer !== entityId) throw new SamlFailure('issuer_refused', assertion.issuer);
      if (response.issuer !== undefined && response.issuer !== entityId) {
        throw new SamlFailure('issuer_refused', response.issuer);
      }
    },
  },
  {
    name: 'destination',
    check: ({ response }, { acsUrl }) => {
      if (response.destination !== undefined && response.destination !== acsUrl) {
        throw new SamlFailure('destination_refused', response.destination);
      }
    },
  },
  {
    name: 'confirmation',
    check: ({ assertion }) => {
      const [confirmation, second] = bearersOf(assertion);
      if (confirmation === undefined || second !== undefined) throw new SamlFailure('confirmation_refused');
      if (confirmation.notOnOrAfter === undefined)
        throw new SamlFailure('confirmation_refused', 'NotOnOrAfter');
    },
  },
  {
    name: 'recipient',
    check: ({ assertion }, { acsUrl }) => {
      for (const { recipient } of bearersOf(assertion)) {
        if (recipient !== acsUrl) throw new SamlFailure('recipient_refused', recipient);
      }
    },
  },
  {
    name: 'answer',
    check: ({ response, assertion }, { requestId }) => {
      if (response.inResponseTo !== undefined && response.inResponseTo !== requestId) {
        throw new SamlFailure('answer_refused', response.inResponseTo);
      }
      for (const { inResponseTo } of bearersOf(assertion)) {
        if (inResponseTo === undefined) throw new SamlFailure('unsolicited');
        if (inResponseTo !== requestId) throw new SamlFailure('answer_refused', inResponseTo);
      }
    },
  },
  {
    name: 'audience',
    check: ({ assertion: { audiences } }, { audience }) => {
      if (audiences.length === 0 || !audiences.every((restriction) => restriction.includes(audience))) {
        throw new SamlFailure('audience_refused', audiences.flat().join(' '));
      }
    },
  },
  {
    name: 'conditions',
    check: ({ assertion }) => {
      if (assertion.unknownCondition) throw new SamlFailure('condition_unknown');
    },
  },
  {
    name: 'not before',
    check: ({ assertion }, { at }) => {
      for (const { notBefore } of [assertion, ...bearersOf(assertion)]) {
        if (notBefore !== undefined && at + clockSkew < notBefore) throw new SamlFailure('not_yet_valid');
      }
      for (const { authenticatedAt } of assertion.statements) {
        if (authenticatedAt !== undefined && at + clockSkew < authenticatedAt)
          throw new SamlFailure('not_yet_valid');
      }
    },
  },
  {
    name: 'not on or after',
    check: ({ assertion }, { at }) => {
      for (const { notOnOrAfter } of [assertion, ...bearersOf(assertion)]) {
        if (notOnOrAfter !== undefined && at - clockSkew >= notOnOrAfter) throw new SamlFailure('expired');
      }
    },
  },
  {
    name: 'life',
    check: ({ assertion }, { at }) => {
      // How long a replay must be remembered is bounded by this, too.
      for (const { notOnOrAfter } of bearersOf(assertion)) {
        if (notOnOrAfter !== undefined && notOnOrAfter > at + longestLife) {
          throw new SamlFailure('confirmation_refused', 'valid for too long');
        }
      }
    },
  },
  {
    name: 'statement',
    check: ({ assertion }) => {
      if (assertion.statements.length === 0) throw new SamlFailure('statement_missing');
    },
  },
  {
    name: 'session',
    check: ({ assertion }, { at }) => {
      for (const { sessionNotOnOrAfter } of assertion.statements) {
        if (sessionNotOnOrAfter !== undefined && at - clockSkew >= sessionNotOnOrAfter) {
          throw new SamlFailure('expired', 'SessionNotOnOrAfter');
        }
      }
    },
  },
];
