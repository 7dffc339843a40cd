import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { SamlAttributeForm } from './SamlAttributeForm.tsx';
import { SamlMetadataForm } from './SamlMetadataForm.tsx';
import { SamlProviderFacts } from './SamlProviderFacts.tsx';
import { SamlServiceFacts } from './SamlServiceFacts.tsx';
import { SamlTestSignIn } from './SamlTestSignIn.tsx';
import type { SamlReading } from './samlTypes.ts';

type SamlConnectionProps = {
  connection: { id: string; enabled: boolean; config: Readonly<Record<string, unknown>> };
  /** Whether the reader may change it. */
  editable: boolean;
};

/** What SAML adds to a connection, in the order in which it is set up. */
export function SamlConnection({ connection, editable }: SamlConnectionProps) {
  const { tenant } = useApiContext();
  const { id, enabled, config } = connection;
  const settings = useQuery(tenant.query.saml.read.queryOptions({ input: { id } }), tenant.cache);
  return (
    <Loaded query={settings} rows={3}>
      {({ service, provider }) => (
        <>
          <SamlServiceFacts service={service} />
          {provider === null ? null : <SamlProviderFacts provider={provider} />}
          {editable ? <SamlMetadataForm connectionId={id} known={provider !== null} /> : null}
          {editable ? <SamlAttributeForm connectionId={id} reading={readingOf(config)} /> : null}
          <SamlTestSignIn connectionId={id} ready={enabled && provider !== null} />
        </>
      )}
    </Loaded>
  );
}

function readingOf(config: Readonly<Record<string, unknown>>): SamlReading {
  const { emailAttribute, nameAttribute, trustsMultiFactor } = config;
  return {
    emailAttribute: typeof emailAttribute === 'string' ? emailAttribute : null,
    nameAttribute: typeof nameAttribute === 'string' ? nameAttribute : null,
    trustsMultiFactor: trustsMultiFactor === true,
  };
}
