import { Button, Group } from '@mantine/core';
import { IconDeviceMobile, IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { AddPasskeyDialog } from './AddPasskeyDialog.tsx';
import { AddTotpDialog } from './AddTotpDialog.tsx';
import { FactorTable } from './FactorTable.tsx';
import { RecoveryCodePanel } from './RecoveryCodePanel.tsx';
import { RecoveryCodesDialog } from './RecoveryCodesDialog.tsx';
import { RemoveFactorDialog } from './RemoveFactorDialog.tsx';
import { RenameFactorDialog } from './RenameFactorDialog.tsx';
import type { Factor } from './types.ts';

type Open =
  | { kind: 'totp' | 'passkey' }
  | { kind: 'rename' | 'remove'; factor: Factor }
  | { kind: 'codes'; codes: string[] };

/** The second factors of the person signed in, and the codes that stand in for them. */
export function FactorPanel() {
  const { account } = useApiContext();
  const [open, setOpen] = useState<Open | null>(null);
  const factors = useQuery(account.query.factor.list.queryOptions({ input: {} }), account.cache);
  const close = (): void => setOpen(null);
  async function finish(message: string, codes: string[] | null = null): Promise<void> {
    setOpen(codes === null ? null : { kind: 'codes', codes });
    announceDone(message);
    await account.cache.invalidateQueries();
  }
  return (
    <>
      <Panel flush title="Second factors" actions={<AddButtons onOpen={(kind) => setOpen({ kind })} />}>
        <Loaded query={factors} rows={2}>
          {({ factors: held }) =>
            held.length === 0 ? (
              <EmptyState title="Your password alone opens this account.">
                A passkey signs you in by your fingerprint, your face or a PIN, and no copied page can use it.
                An authenticator app asks for a code beside the password.
              </EmptyState>
            ) : (
              <FactorTable
                factors={held}
                onRename={(factor) => setOpen({ kind: 'rename', factor })}
                onRemove={(factor) => setOpen({ kind: 'remove', factor })}
              />
            )
          }
        </Loaded>
      </Panel>
      {factors.data === undefined || factors.data.factors.length === 0 ? null : (
        <RecoveryCodePanel
          left={factors.data.recoveryCodesLeft}
          onCodes={(codes) => void finish('The old codes work no more.', codes)}
        />
      )}
      <OpenDialog open={open} onClose={close} onDone={finish} />
    </>
  );
}

function AddButtons({ onOpen }: { onOpen: (kind: 'totp' | 'passkey') => void }) {
  return (
    <Group gap="xs">
      <Button size="xs" leftSection={<IconKey size={14} aria-hidden />} onClick={() => onOpen('passkey')}>
        Add a passkey
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconDeviceMobile size={14} aria-hidden />}
        onClick={() => onOpen('totp')}
      >
        Add an authenticator app
      </Button>
    </Group>
  );
}

type OpenDialogProps = {
  open: Open | null;
  onClose: () => void;
  onDone: (message: string, codes?: string[] | null) => Promise<void>;
};

function OpenDialog({ open, onClose, onDone }: OpenDialogProps) {
  switch (open?.kind) {
    case undefined:
      return null;
    case 'passkey':
      return (
        <AddPasskeyDialog onClose={onClose} onAdded={(codes) => onDone('The passkey is added.', codes)} />
      );
    case 'totp':
      return <AddTotpDialog onClose={onClose} onAdded={(codes) => onDone('The app is added.', codes)} />;
    case 'rename':
      return (
        <RenameFactorDialog
          factor={open.factor}
          onClose={onClose}
          onRenamed={() => onDone('The new name is saved.')}
        />
      );
    case 'remove':
      return (
        <RemoveFactorDialog
          factor={open.factor}
          onClose={onClose}
          onRemoved={() => onDone(`${open.factor.label} is removed.`)}
        />
      );
    case 'codes':
      return <RecoveryCodesDialog codes={open.codes} onClose={onClose} />;
  }
}
