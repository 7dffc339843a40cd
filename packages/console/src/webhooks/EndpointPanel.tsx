import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { FactList } from '../elements/FactList.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag } from '../elements/Tag.tsx';
import { DeliveryStrip } from './DeliveryStrip.tsx';
import { DeliveryTable } from './DeliveryTable.tsx';
import { EndpointActions } from './EndpointActions.tsx';
import styles from './EndpointPanel.module.css';
import { standingOf } from './states.ts';
import type { Endpoint } from './types.ts';

/** Milliseconds between two looks: deliveries are a matter of seconds. */
const every = 2000;

/** One endpoint: how it stands, what was sent to it, and what can be done. */
export function EndpointPanel({ endpoint }: { endpoint: Endpoint }) {
  const { tenant } = useApiContext();
  const { word, tone, sentence } = standingOf(endpoint);
  const input = { endpointId: endpoint.id, limit: 40 };
  const deliveries = useQuery(
    { ...tenant.query.webhookEndpoint.deliveries.queryOptions({ input }), refetchInterval: every },
    tenant.cache,
  );
  return (
    <Panel
      title={endpoint.description === '' ? new URL(endpoint.url).host : endpoint.description}
      actions={<EndpointActions endpoint={endpoint} />}
    >
      <div className={styles.url}>{endpoint.url}</div>
      <div className={styles.standing}>
        <Tag tone={tone}>{word}</Tag>
        <span className={styles.note}>{sentence}</span>
      </div>
      <Loaded query={deliveries} rows={2}>
        {({ deliveries: rows }) => (
          <>
            <DeliveryStrip deliveries={rows} />
            <FactList facts={factsOf(endpoint)} />
            <div className={styles.deliveries}>
              <DeliveryTable endpoint={endpoint} deliveries={rows} />
            </div>
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function factsOf({ eventTypes, pending, dead, lastSuccessAt, previousSecretEndsAt }: Endpoint) {
  const old = previousSecretEndsAt !== null && new Date(previousSecretEndsAt) > new Date();
  return [
    ['Listens to', eventTypes === null ? 'Everything' : eventTypes.join(', ')],
    ['Waiting', String(pending)],
    ['Not delivered', String(dead)],
    ['Last taken', lastSuccessAt === null ? 'Never' : readableMoment(lastSuccessAt)],
    ['Old secret ends', old ? readableMoment(previousSecretEndsAt) : null],
  ] as const;
}
