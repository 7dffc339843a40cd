import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { Panel } from '../elements/Panel.tsx';

type RecoveryCodePanelProps = { left: number; onCodes: (codes: string[]) => void };

/** How many recovery codes are left, and new ones. */
export function RecoveryCodePanel({ left, onCodes }: RecoveryCodePanelProps) {
  const { account } = useApiContext();
  const [asking, setAsking] = useState(false);
  const replace = useMutation({
    mutationFn: () => account.client.factor.replaceRecoveryCodes({}),
    onSuccess: ({ recoveryCodes }) => {
      setAsking(false);
      onCodes(recoveryCodes);
    },
  });
  return (
    <Panel
      title="Recovery codes"
      actions={
        <Button size="xs" variant="default" onClick={() => setAsking(true)}>
          Make new codes
        </Button>
      }
    >
      <p>
        {left === 1 ? 'One code is' : `${left} codes are`} left. Each stands in once for a factor you do not
        have at hand.
      </p>
      <ConfirmDialog
        opened={asking}
        title="Make new recovery codes?"
        action="Make new codes"
        keep="Keep the old ones"
        working={replace.isPending}
        error={replace.error}
        onConfirm={() => replace.mutate()}
        onClose={() => setAsking(false)}
      >
        <p>The codes you have stop working at once, and ten new ones are shown.</p>
      </ConfirmDialog>
    </Panel>
  );
}
