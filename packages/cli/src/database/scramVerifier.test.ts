import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { scramVerifier } from './scramVerifier.ts';

test('the verifier belongs to the exchange that RFC 7677 gives as its example', () => {
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';
  const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt},i=4096,c=biws,r=${nonce}`;
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');

  const [mechanism, parameters, keys] = scramVerifier('pencil', Buffer.from(salt, 'base64')).split('$');
  assert.equal(mechanism, 'SCRAM-SHA-256');
  assert.equal(parameters, `4096:${salt}`);
  const [stored = '', server = ''] = (keys ?? '').split(':');

  const signature = createHmac('sha256', Buffer.from(server, 'base64')).update(exchange).digest('base64');
  assert.equal(signature, '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  const mask = createHmac('sha256', Buffer.from(stored, 'base64')).update(exchange).digest();
  const clientKey = proof.map((byte, index) => byte ^ (mask[index] ?? 0));
  assert.equal(createHash('sha256').update(clientKey).digest('base64'), stored);
});

test('two verifiers of one password differ', () => {
  assert.notEqual(scramVerifier('pencil'), scramVerifier('pencil'));
});
