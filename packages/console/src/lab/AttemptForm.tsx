import { Button, Switch, Textarea } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { Panel } from '../elements/Panel.tsx';
import styles from './Lab.module.css';
import type { Lab } from './useLab.ts';

type AttemptFormProps = {
  lab: Lab;
  working: boolean;
  beside: boolean;
  onBeside: (beside: boolean) => void;
  onAttempt: (text: string) => void;
};

/** The search box, the query around it, and attacks to begin with. */
export function AttemptForm({ lab, working, beside, onBeside, onAttempt }: AttemptFormProps) {
  const [text, setText] = useState("' or true --");
  function submit(event: FormEvent): void {
    event.preventDefault();
    onAttempt(text);
  }
  function pick(example: string): void {
    setText(example);
    onAttempt(example);
  }
  return (
    <Panel title="Search your secrets">
      <form onSubmit={submit} className={styles.form}>
        <Textarea
          label="Search text"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={2000}
          rows={3}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          classNames={{ input: styles.input ?? '' }}
        />
        <pre className={styles.sql} aria-label="The statement that will run">
          {lab.query.before}
          <mark className={styles.injected}>{text}</mark>
          {lab.query.after}
        </pre>
        <div className={styles.actions}>
          <Button type="submit" loading={working}>
            Run it
          </Button>
          {lab.plain ? (
            <Switch
              label="Also against the copy behind a plain setting"
              checked={beside}
              onChange={(event) => onBeside(event.currentTarget.checked)}
            />
          ) : null}
        </div>
      </form>
      <Examples examples={lab.examples} working={working} onPick={pick} />
    </Panel>
  );
}

type ExamplesProps = { examples: Lab['examples']; working: boolean; onPick: (text: string) => void };

function Examples({ examples, working, onPick }: ExamplesProps) {
  return (
    <>
      <h3 className={styles.subheading} id="ready-made">
        Ready-made attacks
      </h3>
      <ul className={styles.examples} aria-labelledby="ready-made">
        {examples.map((example) => (
          <li key={example.title}>
            <Button
              size="xs"
              variant="default"
              disabled={working}
              title={example.text}
              onClick={() => onPick(example.text)}
            >
              {example.title}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
