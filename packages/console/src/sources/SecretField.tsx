import { TextInput } from '@mantine/core';
import type { Scheme } from './types.ts';

type SecretFieldProps = { scheme: Scheme; value: string; onChange: (secret: string) => void };

/** The secret as the sender shows it; left empty, one is made. Stripe makes its own. */
export function SecretField({ scheme, value, onChange }: SecretFieldProps) {
  return (
    <TextInput
      label="Signing secret"
      description={
        scheme === 'stripe'
          ? 'As Stripe shows it beside the endpoint: whsec_…'
          : 'As the sender shows it. Leave empty to have one made, and give that to the sender.'
      }
      type="password"
      autoComplete="off"
      spellCheck={false}
      maxLength={512}
      required={scheme === 'stripe'}
      withAsterisk={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value.trim())}
    />
  );
}
