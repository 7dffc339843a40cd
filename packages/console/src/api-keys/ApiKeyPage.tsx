import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { PageHeader } from '../elements/PageHeader.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { ApiKeyList } from './ApiKeyList.tsx';
import { NewApiKeyDialog } from './NewApiKeyDialog.tsx';
import { OriginPanel } from './OriginPanel.tsx';

/** The tenant's API keys: what programs may do here. */
export function ApiKeyPage() {
  const { may } = useSession();
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHeader
        title="API keys"
        lead="Each key lets one program act in this organisation, within what you give it."
        actions={
          may('access:api-key.create') ? (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              data-shortcut="n"
              onClick={() => setMaking(true)}
            >
              New key
            </Button>
          ) : null
        }
      />
      <ApiKeyList />
      {may('access:origin.read') ? <OriginPanel /> : null}
      {making ? <NewApiKeyDialog onClose={() => setMaking(false)} /> : null}
    </>
  );
}
