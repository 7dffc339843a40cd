import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { announceDone, announceProblem } from '../problems/announce.ts';
import { ApplicationItem } from './ApplicationItem.tsx';
import styles from './ApplicationList.module.css';
import { RegisterDialog } from './RegisterDialog.tsx';
import { SecretDialog } from './SecretDialog.tsx';
import type { Application, Made } from './types.ts';

/** Applications and back ends of the identity provider, for operators. */
export function ApplicationList() {
  const { account } = useApiContext();
  const [registering, setRegistering] = useState(false);
  const [removing, setRemoving] = useState<Application | null>(null);
  const [shown, setShown] = useState<Made | null>(null);
  const all = useQuery(account.query.application.list.queryOptions({ input: {} }), account.cache);
  const rotate = useMutation({
    mutationFn: ({ id }: Application) => account.client.application.rotateSecret({ id }),
    onSuccess: setShown,
    onError: announceProblem,
  });
  async function keep(made: Made): Promise<void> {
    setRegistering(false);
    setShown(made);
    await account.cache.invalidateQueries();
  }
  return (
    <section aria-labelledby="applications">
      <h2 id="applications" className={styles.title}>
        Applications
      </h2>
      <p>They sign people in through this service. A secret is shown once, when it is made.</p>
      <Loaded query={all} rows={2}>
        {({ applications }) => (
          <ul className={styles.list}>
            {applications.length === 0 ? <EmptyState title="No application is registered." /> : null}
            {applications.map((application) => (
              <ApplicationItem
                key={application.id}
                application={application}
                rotating={rotate.isPending && rotate.variables.id === application.id}
                onRotate={() => rotate.mutate(application)}
                onRemove={() => setRemoving(application)}
              />
            ))}
          </ul>
        )}
      </Loaded>
      <Button mt="md" onClick={() => setRegistering(true)}>
        Register an application
      </Button>
      {registering ? <RegisterDialog onClose={() => setRegistering(false)} onRegistered={keep} /> : null}
      {shown === null ? null : <SecretDialog {...shown} onClose={() => setShown(null)} />}
      {removing === null ? null : <Removal application={removing} onClose={() => setRemoving(null)} />}
    </section>
  );
}

function Removal({ application, onClose }: { application: Application; onClose: () => void }) {
  const { account } = useApiContext();
  const { id, name } = application;
  const remove = useMutation({
    mutationFn: () => account.client.application.remove({ id }),
    onSuccess: async () => {
      onClose();
      announceDone(`${name} is removed.`);
      await account.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Remove ${name}?`}
      action="Remove application"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>Nobody signs in to it any more, and its secrets and refresh tokens end now. Its id stays taken.</p>
    </ConfirmDialog>
  );
}
