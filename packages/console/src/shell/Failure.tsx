import { Button } from '@mantine/core';
import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { PageHeader } from '../elements/PageHeader.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

/** What a page shows when its own code failed, such as a part of the console that could not be loaded. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <PageHeader title="This page failed" />
      <ProblemNotice error={error} onRetry={reset} />
    </>
  );
}

export function PageMissing() {
  return (
    <>
      <PageHeader title="Page not found" />
      <EmptyState
        title="There is no page at this address."
        action={
          <Button component={Link} to="/" variant="default">
            To the overview
          </Button>
        }
      />
    </>
  );
}
