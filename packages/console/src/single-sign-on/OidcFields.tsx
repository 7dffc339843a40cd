import { Checkbox, PasswordInput, TextInput } from '@mantine/core';
import { textOf } from '../elements/form.ts';
import type { OidcSettings } from './types.ts';

type OidcFieldsProps = { settings?: OidcSettings };

/** What the identity provider's administrator gives out, and how far its word is taken. */
export function OidcFields({ settings }: OidcFieldsProps) {
  return (
    <>
      <TextInput
        label="Issuer"
        description="The address below which /.well-known/openid-configuration is found."
        name="issuer"
        type="url"
        placeholder="https://login.example.com"
        required
        withAsterisk={false}
        maxLength={500}
        defaultValue={settings?.issuer ?? ''}
        mb="sm"
      />
      <TextInput
        label="Client ID"
        name="clientId"
        required
        withAsterisk={false}
        maxLength={500}
        defaultValue={settings?.clientId ?? ''}
        mb="sm"
      />
      <PasswordInput
        label="Client secret"
        description={
          settings === undefined ? 'Stored encrypted, shown never again.' : 'Left empty, it stays as it is.'
        }
        name="clientSecret"
        autoComplete="off"
        maxLength={1000}
        mb="sm"
      />
      <Checkbox
        label="It does not say whether it checked email addresses"
        description="Microsoft Entra does not. Addresses of your proved domains are then believed; others never are."
        name="byDomain"
        defaultChecked={settings?.emailVerification === 'domain'}
        mb="sm"
      />
      <Checkbox
        label="Trust it to have asked for a second factor when it says so"
        description="Otherwise people with a second factor here are asked for it here."
        name="multiFactor"
        defaultChecked={settings?.trustsMultiFactor ?? false}
      />
    </>
  );
}

/** What a form with these fields says. */
export function readOidcFields(
  form: FormData,
  settings?: OidcSettings,
): { oidc: OidcSettings; clientSecret?: string } {
  const clientSecret = textOf(form, 'clientSecret');
  return {
    oidc: {
      issuer: textOf(form, 'issuer'),
      clientId: textOf(form, 'clientId'),
      scopes: settings?.scopes ?? ['email', 'profile'],
      emailVerification: form.get('byDomain') === 'on' ? 'domain' : 'claim',
      trustsMultiFactor: form.get('multiFactor') === 'on',
    },
    ...(clientSecret === '' ? {} : { clientSecret }),
  };
}
