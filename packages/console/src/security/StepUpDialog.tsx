import { Button, Group, Modal } from '@mantine/core';
import { useEffect, useSyncExternalStore } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { useSignOut } from '../session/useSignOut.ts';
import { ProofForm, type Proof } from './ProofForm.tsx';
import type { Asked, StepUpDesk, Way } from './stepUp.ts';

/** Asks, over whatever page is open, for the fresh proof that a refused call waits for. */
export function StepUpDialog() {
  const { stepUp } = useApiContext();
  const asked = useSyncExternalStore(stepUp.subscribe, stepUp.current);
  useEscape(stepUp);
  return asked === null ? null : <Asking asked={asked} />;
}

/** Escape leaves the question alone, and not the dialog beneath it, whose own listener hears of the key later. */
function useEscape(stepUp: StepUpDesk): void {
  useEffect(() => {
    function leave(event: KeyboardEvent): void {
      const asked = stepUp.current();
      if (event.key !== 'Escape' || event.isComposing || asked === null) return;
      event.stopImmediatePropagation();
      asked.settle(false);
    }
    window.addEventListener('keydown', leave, { capture: true });
    return () => window.removeEventListener('keydown', leave, { capture: true });
  }, [stepUp]);
}

function Asking({ asked }: { asked: Asked }) {
  const { account } = useApiContext();
  const ways = asked.ways.filter((way): way is Exclude<Way, 'sign_in'> => way !== 'sign_in');
  async function prove(proof: Proof): Promise<void> {
    await account.client.session.stepUp({ proof });
    asked.settle(true);
  }
  return (
    <Modal opened onClose={() => asked.settle(false)} title="Is it you?" zIndex={400} closeOnEscape={false}>
      {ways.length === 0 ? (
        <SignInAgain onLeave={() => asked.settle(false)} />
      ) : (
        <>
          <p>This changes who can do what. Prove once more that it is you, then it goes through.</p>
          <ProofForm
            ways={ways}
            action="Confirm"
            passkeyOptions={() => account.client.session.stepUpPasskeyOptions({})}
            onProof={prove}
          />
          <Button variant="subtle" size="compact-sm" fullWidth mt="sm" onClick={() => asked.settle(false)}>
            Leave it
          </Button>
        </>
      )}
    </Modal>
  );
}

function SignInAgain({ onLeave }: { onLeave: () => void }) {
  const signOut = useSignOut();
  return (
    <>
      <p>Your sign-in is some time ago, and this asks for a fresh one. Sign in again and repeat it.</p>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onLeave}>
          Leave it
        </Button>
        <Button loading={signOut.isPending} onClick={() => signOut.mutate(undefined, { onSuccess: onLeave })}>
          Sign in again
        </Button>
      </Group>
    </>
  );
}
