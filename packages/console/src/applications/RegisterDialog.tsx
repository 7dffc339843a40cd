import { Checkbox, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { FormDialog } from '../elements/FormDialog.tsx';
import type { Made } from './types.ts';

type RegisterDialogProps = {
  onClose: () => void;
  onRegistered: (made: Made) => Promise<void>;
};

/** Registers an application that keeps a secret; back ends, keys and public clients are registered from the command line. */
export function RegisterDialog({ onClose, onRegistered }: RegisterDialogProps) {
  const { account } = useApiContext();
  const register = useMutation({
    mutationFn: (form: FormData) => account.client.application.create(registrationOf(form)),
    onSuccess: ({ id, secret }) => onRegistered({ id, secret: secret ?? '' }),
  });
  return (
    <FormDialog
      title="Register an application"
      size="lg"
      action="Register"
      discard="Not now"
      working={register.isPending}
      error={register.error}
      onSubmit={register.mutate}
      onClose={onClose}
    >
      <Fields />
    </FormDialog>
  );
}

function Fields() {
  return (
    <Stack gap="sm">
      <TextInput name="name" label="Name" required withAsterisk={false} data-autofocus />
      <TextInput
        name="id"
        label="Client id"
        description="Small letters, digits and hyphens; it cannot be changed."
        pattern="[a-z0-9][a-z0-9\-]{2,62}"
        required
        withAsterisk={false}
      />
      <Textarea
        name="redirectUris"
        label="Redirect addresses"
        description="One a line, exactly as the application sends them."
        required
        withAsterisk={false}
        autosize
      />
      <Textarea
        name="postLogoutRedirectUris"
        label="Addresses after signing out"
        description="One a line."
        autosize
      />
      <TextInput
        name="backchannelLogoutUri"
        label="Log-out address"
        description="Told when a session ends."
      />
      <Checkbox name="refresh" label="Gets refresh tokens, which end with the session" />
      <Checkbox
        name="firstParty"
        label="It is our own: nobody is asked for consent"
        description="Nobody can sign in to any other."
      />
    </Stack>
  );
}

function registrationOf(form: FormData) {
  const logout = textOf(form, 'backchannelLogoutUri');
  return {
    id: textOf(form, 'id'),
    name: textOf(form, 'name'),
    firstParty: form.has('firstParty'),
    authentication: 'secret' as const,
    redirectUris: linesOf(form, 'redirectUris'),
    postLogoutRedirectUris: linesOf(form, 'postLogoutRedirectUris'),
    refresh: form.has('refresh'),
    ...(logout === '' ? {} : { backchannelLogoutUri: logout }),
  };
}

function linesOf(form: FormData, name: string): string[] {
  return textOf(form, name)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
