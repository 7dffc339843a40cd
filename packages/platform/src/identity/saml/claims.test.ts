import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Assertion } from './assertion.ts';
import { readClaims } from './claims.ts';
import { samlConfig } from './config.ts';

const issuer = 'https://idp.example/id';
const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';

function assertion(options: {
  nameId?: string;
  format?: string;
  nameQualifier?: string;
  attributes?: Record<string, string[]>;
  contexts?: string[];
}): Assertion {
  return {
    id: '_a',
    issuer,
    subject: {
      nameId: options.nameId ?? '8f1c',
      format: options.format,
      nameQualifier: options.nameQualifier,
    },
    confirmations: [],
    notBefore: undefined,
    notOnOrAfter: undefined,
    audiences: [],
    unknownCondition: false,
    statements: (options.contexts ?? [password]).map((contextClass) => ({
      authenticatedAt: undefined,
      sessionNotOnOrAfter: undefined,
      contextClass,
    })),
    attributes: new Map(Object.entries(options.attributes ?? { mail: ['ada@keel.example'] })),
  };
}

const claims = (
  options: Parameters<typeof assertion>[0],
  config: object = {},
  groupsAttribute: string | null = null,
) => readClaims(assertion(options), { config: samlConfig.parse(config), groupsAttribute });
const refused = (options: Parameters<typeof assertion>[0], config?: object) =>
  assert.throws(() => claims(options, config), { name: 'SamlFailure', code: 'value_refused' });

describe('claims of an assertion (AUT-7)', () => {
  it('take the address in its one form, whatever its case (T-39)', () => {
    assert.equal(claims({ attributes: { mail: ['Ada@Keel.EXAMPLE'] } }).email, 'ada@keel.example');
    const emailFormat = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
    const named = claims({ nameId: 'Ada@Keel.example', format: emailFormat, attributes: {} });
    assert.deepEqual([named.subject, named.email], ['ada@keel.example', 'ada@keel.example']);
  });
  it('keep any other name identifier exactly: two cases are two people', () => {
    assert.notEqual(claims({ nameId: 'ADA' }).subject, claims({ nameId: 'ada' }).subject);
  });
  it('keep the same name below two qualifiers apart, and the provider’s own qualifier out', () => {
    assert.equal(claims({ nameId: 'ada', nameQualifier: issuer }).subject, 'ada');
    assert.notEqual(claims({ nameId: 'ada', nameQualifier: 'urn:x:other' }).subject, 'ada');
  });
  it('are refused without exactly one usable address', () => {
    refused({ attributes: {} });
    refused({ attributes: { mail: [] } });
    refused({ attributes: { mail: ['ada@keel.example', 'eve@keel.example'] } });
    for (const mail of [
      ' ada@keel.example',
      'ada@keel.example ',
      'ada@keel.example\n',
      '',
      'ada',
      'a@b.example, c@d.example',
      '"x"@keel.example',
      'ada\u200b@keel.example',
    ]) {
      refused({ attributes: { mail: [mail] } });
    }
    refused({ attributes: { mail: ['ada@keel.example'] } }, { emailAttribute: 'address' });
  });
  it('read the attributes the connection names', () => {
    const attributes = {
      mail: ['wrong@keel.example'],
      address: ['ada@keel.example'],
      title: ['Captain Ada'],
    };
    const found = claims({ attributes }, { emailAttribute: 'address', nameAttribute: 'title' });
    assert.deepEqual([found.email, found.name], ['ada@keel.example', 'Captain Ada']);
  });
  it('give groups only of the attribute that is named, without what cannot be seen', () => {
    const attributes = { mail: ['ada@keel.example'], groups: ['staff', ' staff', 'books', ''] };
    assert.deepEqual(claims({ attributes }).groups, []);
    assert.deepEqual(claims({ attributes }, {}, 'groups').groups, ['staff', 'books']);
  });
  it('say that a second factor was used only when provider and connection both do (T-39)', () => {
    const mfa = 'https://refeds.org/profile/mfa';
    assert.deepEqual(claims({ contexts: [mfa] }).methods, []);
    assert.deepEqual(claims({ contexts: [mfa] }, { trustsMultiFactor: true }).methods, ['mfa']);
    assert.deepEqual(claims({ contexts: [password] }, { trustsMultiFactor: true }).methods, ['pwd']);
    const entra = {
      mail: ['ada@keel.example'],
      'http://schemas.microsoft.com/claims/authnmethodsreferences': [
        'http://schemas.microsoft.com/claims/multipleauthn',
      ],
    };
    assert.deepEqual(claims({ attributes: entra }, { trustsMultiFactor: true }).methods, ['pwd', 'mfa']);
  });
});
