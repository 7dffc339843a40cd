import { useState, type FormEvent } from 'react';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { FileChoice } from './FileChoice.tsx';
import { ImportChoices } from './ImportChoices.tsx';
import styles from './ImportPage.module.css';
import { ImportProgress } from './ImportProgress.tsx';
import { ImportResult } from './ImportResult.tsx';
import { useImport, type ImportPlan } from './useImport.ts';

export function ImportPage() {
  const { company } = useSession();
  return (
    <>
      <PageHeader
        title="Import"
        lead={company === undefined ? 'Customers and invoices from CSV' : `CSV into ${company.name}`}
      />
      <CompanyRequired what="A file is imported into">
        <ImportForm />
      </CompanyRequired>
    </>
  );
}

function ImportForm() {
  const [plan, setPlan] = useState<ImportPlan>({ kind: 'customers', mode: 'dry-run' });
  const [file, setFile] = useState<File | null>(null);
  const { state, start, stop } = useImport();
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (file !== null) void start(plan, file);
  }
  return (
    <>
      <form onSubmit={submit}>
        <Panel>
          <ImportChoices plan={plan} onChange={setPlan} />
          <FileChoice
            file={file}
            action={plan.mode === 'dry-run' ? 'Check the file' : 'Import the file'}
            working={state.step === 'running'}
            onChange={setFile}
          />
        </Panel>
      </form>
      <div aria-live="polite" className={styles.outcome}>
        {state.step === 'running' ? <ImportProgress progress={state.progress} onStop={stop} /> : null}
        {state.step === 'failed' ? <ProblemNotice error={state.error} /> : null}
        {state.step === 'done' ? <ImportResult result={state.result} plan={state.plan} /> : null}
      </div>
    </>
  );
}
