import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';

type LabClient = Client['lab'];
export type Lab = Awaited<ReturnType<LabClient['read']>>;
export type AttemptResult = Awaited<ReturnType<LabClient['attempt']>>;
export type Target = Parameters<LabClient['attempt']>[0]['target'];
export type Answers = Partial<Record<Target, AttemptResult>>;

/** The lab and the answers to the last text, which is run against each target in turn. */
export function useLab() {
  const { query, client, cache } = useApi();
  const lab = useQuery(query.lab.read.queryOptions({ input: {} }));
  const [answers, setAnswers] = useState<Answers>({});
  const attempt = useMutation({
    mutationFn: async ({ text, targets }: { text: string; targets: readonly Target[] }) => {
      setAnswers({});
      const found: Answers = {};
      for (const target of targets) found[target] = await client.lab.attempt({ text, target });
      return found;
    },
    onSuccess: setAnswers,
    onSettled: () => cache.invalidateQueries({ queryKey: query.lab.read.key() }),
  });
  return { lab, answers, attempt };
}
