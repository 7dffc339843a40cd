import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { saveFile } from '../client/file.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

/** Downloads what proves that the entry stands in the signed log. */
export function ProofButton({ id }: { id: string }) {
  // A chain runs through all companies, so its proof is the whole organisation's.
  const { tenant } = useApiContext();
  const proof = useMutation({
    mutationFn: async () => {
      const text = `${JSON.stringify(await tenant.client.audit.proof({ id }), null, 2)}\n`;
      saveFile(new Blob([text], { type: 'application/json' }), `entry-${id}.proof.json`);
    },
  });
  return (
    <>
      <Button size="compact-xs" variant="subtle" loading={proof.isPending} onClick={() => proof.mutate()}>
        Download proof
      </Button>
      {proof.error === null ? null : <ProblemNotice error={proof.error} />}
    </>
  );
}
