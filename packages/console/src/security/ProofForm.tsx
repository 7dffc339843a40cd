import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { Client } from '../client/api.ts';
import { textOf, typedText } from '../elements/form.ts';
import { useFirstFocus } from '../elements/useFirstFocus.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { SecretField } from '../session/SecretField.tsx';
import { usePasskey } from './authenticator.ts';
import styles from './ProofForm.module.css';
import type { Way } from './stepUp.ts';

export type Proof = Parameters<Client['session']['stepUp']>[0]['proof'];
type ProofWay = Exclude<Way, 'sign_in'>;
type RequestOptions = Awaited<ReturnType<Client['session']['passkeyOptions']>>;

type ProofFormProps = {
  /** Any one of them will do; the first is offered first. */
  ways: readonly ProofWay[];
  /** What the button does once something is typed: "Sign in", "Confirm". */
  action: string;
  passkeyOptions: () => Promise<RequestOptions>;
  onProof: (proof: Proof) => Promise<void>;
};

/** Asks for one proof, and lets the person choose another way to give it. */
export function ProofForm({ ways, action, passkeyOptions, onProof }: ProofFormProps) {
  const [chosen, setChosen] = useState<ProofWay>(() => preferred(ways));
  const prove = useMutation({
    mutationFn: async (typed: string) => onProof(await proofOf(chosen, typed, passkeyOptions)),
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    // A dialog may stand within another form, whose own submit this is not.
    event.stopPropagation();
    const form = new FormData(event.currentTarget);
    prove.mutate(chosen === 'password' ? typedText(form, 'proof') : textOf(form, 'proof'));
  }
  function choose(way: ProofWay): void {
    prove.reset();
    setChosen(way);
  }
  return (
    <form onSubmit={submit} className={styles.form}>
      {prove.error === null ? null : <ProblemNotice error={prove.error} />}
      <ProofField key={chosen} way={chosen} />
      <Button type="submit" fullWidth loading={prove.isPending}>
        {chosen === 'passkey' ? 'Use a passkey' : action}
      </Button>
      <div className={styles.others}>
        {ways
          .filter((way) => way !== chosen)
          .map((way) => (
            <Button key={way} variant="subtle" size="compact-sm" onClick={() => choose(way)}>
              {labels[way]}
            </Button>
          ))}
      </div>
    </form>
  );
}

function ProofField({ way }: { way: ProofWay }) {
  const field = useFirstFocus();
  switch (way) {
    case 'passkey':
      return <p className={styles.text}>Your device will ask for your fingerprint, your face or its PIN.</p>;
    case 'password':
      return <SecretField ref={field} label="Password" name="proof" autoComplete="current-password" />;
    case 'totp':
      return (
        <TextInput
          ref={field}
          label="Code of your authenticator app"
          name="proof"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]{6,9}"
          title="Six digits"
          required
          withAsterisk={false}
        />
      );
    case 'recovery_code':
      return (
        <TextInput
          ref={field}
          label="Recovery code"
          description="Each works once."
          name="proof"
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
        />
      );
  }
}

const labels: Record<ProofWay, string> = {
  passkey: 'Use a passkey instead',
  totp: 'Use an authenticator app instead',
  recovery_code: 'Use a recovery code instead',
  password: 'Use your password instead',
};

function preferred(ways: readonly ProofWay[]): ProofWay {
  return (
    (['passkey', 'totp', 'password', 'recovery_code'] as const).find((way) => ways.includes(way)) ??
    'password'
  );
}

async function proofOf(way: ProofWay, typed: string, options: () => Promise<RequestOptions>): Promise<Proof> {
  if (way === 'passkey') return { kind: way, response: await usePasskey(await options()) };
  return way === 'password' ? { kind: way, password: typed } : { kind: way, code: typed };
}
