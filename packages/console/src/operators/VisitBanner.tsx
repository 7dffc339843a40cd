import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { announceDone, announceProblem } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import { Banner } from './Banner.tsx';
import type { Visit } from './types.ts';

const minute = 60_000;

/** Tells the tenant's people, on every page, that somebody from the service's staff is in. */
export function VisitBanner() {
  const { stay } = useSession();
  const { tenant } = useApiContext();
  const visits = useQuery(
    tenant.query.operator.visits.queryOptions({
      input: {},
      enabled: stay === null,
      refetchInterval: minute,
      staleTime: minute,
    }),
    tenant.cache,
  );
  const checkedAt = visits.dataUpdatedAt;
  const live = (visits.data?.visits ?? []).filter((visit) => isLive(visit, checkedAt));
  return live.map((visit) => <Present key={visit.id} visit={visit} />);
}

function isLive({ endedAt, expiresAt }: Visit, now: number): boolean {
  return endedAt === null && Date.parse(expiresAt) > now;
}

function Present({ visit }: { visit: Visit }) {
  const { may } = useSession();
  const { tenant } = useApiContext();
  const showOut = useMutation({
    mutationFn: () => tenant.client.operator.showOut({ id: visit.id }),
    onSuccess: async () => {
      announceDone(`${visit.operatorName} is out.`);
      await tenant.cache.invalidateQueries();
    },
    onError: announceProblem,
  });
  const does = visit.mode === 'read' ? 'may look at your data' : 'may look at and change your data';
  return (
    <Banner
      label="An operator is here"
      action={
        may('access:member.change') ? (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Show ${visit.operatorName} out`}
            loading={showOut.isPending}
            onClick={() => showOut.mutate()}
          >
            Show out
          </Button>
        ) : null
      }
    >
      {visit.operatorName} from the service’s staff {does} until {readableMoment(visit.expiresAt)}. The reason
      given: {visit.reason}
    </Banner>
  );
}
