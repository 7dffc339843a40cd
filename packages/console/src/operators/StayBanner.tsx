import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useApiContext } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { announceProblem } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import { Banner } from './Banner.tsx';

/** Reminds an operator, on every page of the tenant, whose data this is. */
export function StayBanner() {
  const { stay } = useSession();
  const { account, choose } = useApiContext();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: (tenant: string) => account.client.operator.leave({ tenant }),
    onSuccess: async () => {
      choose({});
      await account.cache.invalidateQueries();
      await navigate({ to: '/operator' });
    },
    onError: announceProblem,
  });
  if (stay === null) return null;
  return (
    <Banner
      label="You are here as an operator"
      action={
        <Button
          size="compact-sm"
          variant="default"
          loading={leave.isPending}
          onClick={() => leave.mutate(stay.tenant.id)}
        >
          Leave
        </Button>
      }
    >
      You are in {stay.tenant.name} as an operator, to {stay.mode}, until {readableMoment(stay.expiresAt)}.
      They see this reason: {stay.reason}
    </Banner>
  );
}
