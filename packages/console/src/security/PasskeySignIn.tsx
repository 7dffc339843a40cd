import { Button } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import type { Session } from '../session/types.ts';
import { usePasskey } from './authenticator.ts';

/** Signs in with a passkey and nothing else; the browser also offers one where the address is typed. */
export function PasskeySignIn({ onEnter }: { onEnter: (session: Session) => Promise<void> }) {
  const { account } = useApiContext();
  const { session } = account.client;
  // A browser runs one ceremony at a time: an offer that began after the click would end what was asked for.
  const clicked = useRef(false);
  const enter = useMutation({
    mutationFn: async () => {
      clicked.current = true;
      return session.signInWithPasskey({ response: await usePasskey(await session.passkeyOptions({})) });
    },
    onSuccess: onEnter,
  });
  const offered = useMutation({
    mutationFn: async () => {
      const options = await session.passkeyOptions({});
      if (clicked.current) return null;
      const response = await usePasskey(options, { autofill: true }).catch(() => null);
      return response === null ? null : session.signInWithPasskey({ response });
    },
    onSuccess: async (entered) => {
      if (entered !== null) await onEnter(entered);
    },
  });
  const offer = offered.mutate;
  useEffect(() => {
    let left = false;
    void browserSupportsWebAuthnAutofill().then((supported) => {
      if (supported && !left) offer();
    });
    return () => {
      left = true;
      WebAuthnAbortService.cancelCeremony();
    };
  }, [offer]);
  if (!browserSupportsWebAuthn()) return null;
  const error = enter.error ?? offered.error;
  return (
    <>
      {error === null ? null : <ProblemNotice error={error} />}
      <Button
        variant="default"
        fullWidth
        leftSection={<IconKey size={16} aria-hidden />}
        loading={enter.isPending}
        onClick={() => enter.mutate()}
      >
        Use a passkey
      </Button>
    </>
  );
}
