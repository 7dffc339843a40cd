import { Switch } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

/** Whether members of the tenant must have a second factor. For its owners. */
export function FactorPolicyPanel() {
  const { tenant } = useApiContext();
  const policy = useQuery(tenant.query.tenant.read.queryOptions({ input: {} }), tenant.cache);
  const ask = useMutation({
    mutationFn: (required: boolean) => tenant.client.tenant.requireSecondFactor({ required }),
    onSuccess: async (_, required) => {
      announceDone(
        required ? 'Two factors are asked of everybody from now on.' : 'One factor is enough again.',
      );
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <Panel title="Two factors">
      {ask.error === null ? null : <ProblemNotice error={ask.error} />}
      <Loaded query={policy} rows={1}>
        {({ secondFactorRequired }) => (
          <Switch
            label="Every member needs a second factor"
            description="Whoever has none adds one before anything else. Members who come through your own identity provider are excepted: it answers for how they sign in."
            checked={secondFactorRequired}
            disabled={ask.isPending}
            onChange={(event) => ask.mutate(event.currentTarget.checked)}
          />
        )}
      </Loaded>
    </Panel>
  );
}
