import { Button } from '@mantine/core';
import { SamlSection } from './SamlSection.tsx';

/** A sign-in through the connection, in a new tab: it ends in a session of its own. */
export function SamlTestSignIn({ connectionId, ready }: { connectionId: string; ready: boolean }) {
  return (
    <SamlSection title="Try it">
      <p>
        {ready
          ? 'Opens in a private window best: signing in there replaces the session of the window it happens in.'
          : 'Possible once the metadata is here and the connection is switched on.'}
      </p>
      {ready ? (
        <Button
          component="a"
          variant="default"
          href={`/sign-in/saml/${connectionId}/start`}
          target="_blank"
          rel="noopener"
        >
          Test the sign-in
        </Button>
      ) : null}
    </SamlSection>
  );
}
