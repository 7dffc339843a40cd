import { useState } from 'react';
import { SecretField } from './SecretField.tsx';

/** Characters a password has at least when it is the only factor (NIST SP 800-63B-4). */
const shortestPassword = 15;

/** How many characters a password still lacks. */
export function missingCharacters(password: string): number {
  return Math.max(0, shortestPassword - Array.from(password).length);
}

type NewPasswordFieldProps = {
  label?: string;
  value: string;
  sent: boolean;
  onChange: (value: string) => void;
};

/** A new password with the rule beside it, before anything can go wrong. */
export function NewPasswordField({ label = 'Password', value, sent, onChange }: NewPasswordFieldProps) {
  const [left, setLeft] = useState(false);
  const missing = missingCharacters(value);
  const complain = missing > 0 && (sent || (left && value !== ''));
  return (
    <SecretField
      label={label}
      description={`At least ${shortestPassword} characters, any you like. A few plain words in a row make a good one; common passwords are refused.`}
      autoComplete="new-password"
      value={value}
      error={complain ? `${missing} more ${missing === 1 ? 'character' : 'characters'} needed.` : null}
      onChange={(event) => onChange(event.currentTarget.value)}
      onBlur={() => setLeft(true)}
    />
  );
}
