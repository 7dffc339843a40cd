import { Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { textOf, textOrNull } from '../elements/form.ts';

type GiveTierDialogProps = {
  tenant: { id: string; name: string };
  onClose: () => void;
  /** With the tier that holds from then on. */
  onGiven: (tier: string | null) => void;
};

/** Gives an organisation a tier, or takes that back; its audit log shows who and why. */
export function GiveTierDialog({ tenant, onClose, onGiven }: GiveTierDialogProps) {
  const { account } = useApiContext();
  const give = useMutation({
    mutationFn: (form: FormData) =>
      account.client.usage.setTier({
        tenant: tenant.id,
        tier: textOrNull(form, 'tier'),
        reason: textOf(form, 'reason'),
      }),
    onSuccess: ({ tier }) => onGiven(tier),
  });
  return (
    <FormDialog
      title={`Tier of ${tenant.name}`}
      action="Set tier"
      discard="Leave it"
      working={give.isPending}
      error={give.error}
      onSubmit={(form) => give.mutate(form)}
      onClose={onClose}
    >
      <Stack gap="md">
        <TextInput
          name="tier"
          label="Tier"
          description="Its name, such as business. It stands above billing; empty lets billing decide again."
          pattern="[a-z][a-z0-9\-]*"
          maxLength={40}
          autoComplete="off"
          data-autofocus
        />
        <Textarea
          name="reason"
          label="Reason"
          description="They read this in their audit log."
          minLength={10}
          maxLength={500}
          required
          withAsterisk={false}
        />
      </Stack>
    </FormDialog>
  );
}
