import { Button, Group } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { readableMoment } from '../elements/dates.ts';
import { FactList } from '../elements/FactList.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag, type Tone } from '../elements/Tag.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';

type Standing = Awaited<ReturnType<Client['billing']['standing']>>;

/** The tenant's tier, and how it stands with what it pays. */
export function BillingPage() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const standing = useQuery(tenant.query.billing.standing.queryOptions({ input: {} }), tenant.cache);
  return (
    <>
      <PageHeader
        title="Billing"
        lead="Cards are entered at Stripe alone: this service never sees one, and refuses what looks like one."
      />
      <Loaded query={standing} rows={3}>
        {(facts) => (
          <Panel title={facts.tier.title}>
            <StandingFacts standing={facts} />
            {may('billing:subscription.change') ? <Ways standing={facts} /> : null}
          </Panel>
        )}
      </Loaded>
    </>
  );
}

const words: Record<Standing['standing'], { label: string; tone: Tone }> = {
  none: { label: 'No subscription', tone: 'plain' },
  good: { label: 'Paid', tone: 'good' },
  grace: { label: 'Payment failed', tone: 'bad' },
  suspended: { label: 'Suspended', tone: 'bad' },
};

function StandingFacts({ standing }: { standing: Standing }) {
  const { label, tone } = words[standing.standing];
  const { graceUntil, periodEnd, cancels } = standing;
  return (
    <FactList
      facts={[
        [
          'Standing',
          <Tag key="standing" tone={tone}>
            {label}
          </Tag>,
        ],
        ['Keeps this tier until', graceUntil === null ? null : readableMoment(graceUntil)],
        [cancels ? 'Ends' : 'Paid until', periodEnd === null ? null : readableMoment(periodEnd)],
      ]}
    />
  );
}

/** On to Stripe: to buy, or to change what was bought. */
function Ways({ standing: { offers, hasCustomer, paidTier, standing } }: { standing: Standing }) {
  const { tenant } = useApiContext();
  const go = useMutation({
    mutationFn: (tier: string | null) =>
      tier === null ? tenant.client.billing.portal({}) : tenant.client.billing.checkout({ tier }),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const buyable = standing === 'none' ? offers.filter(({ tier }) => tier !== paidTier) : [];
  if (buyable.length === 0 && !hasCustomer) return null;
  return (
    <>
      {go.error === null ? null : <ProblemNotice error={go.error} />}
      <Group mt="lg">
        {buyable.map(({ tier, title }) => (
          <Button key={tier} loading={go.isPending} onClick={() => go.mutate(tier)}>
            Buy {title}
          </Button>
        ))}
        {hasCustomer ? (
          <Button variant="default" loading={go.isPending} onClick={() => go.mutate(null)}>
            Cards and invoices at Stripe
          </Button>
        ) : null}
      </Group>
    </>
  );
}
