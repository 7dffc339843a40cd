import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { decimalText } from '../money/decimal.ts';
import { readableAmount } from '../money/format.ts';
import { emptyLine, lineAmounts, type DraftLine, type LineErrors, type LineField } from './draft.ts';
import styles from './LineEditor.module.css';

type LineEditorProps = {
  lines: readonly DraftLine[];
  /** Problems of each line, in the lines' order; empty until the form was sent once. */
  errors: readonly LineErrors[];
  minorUnits: number;
  onChange: (lines: DraftLine[]) => void;
};

/** The lines of an invoice as a table of fields. Enter in the last line adds another. */
export function LineEditor({ lines, errors, minorUnits, onChange }: LineEditorProps) {
  const body = useRef<HTMLDivElement>(null);
  const counts = useRef(lines.length);
  useEffect(() => {
    if (lines.length > counts.current)
      body.current?.querySelector<HTMLInputElement>('[data-line]:last-of-type input')?.focus();
    counts.current = lines.length;
  }, [lines.length]);
  function addLine(): void {
    onChange([...lines, emptyLine(crypto.randomUUID(), lines.at(-1)?.taxRate)]);
  }
  return (
    <div className={styles.editor}>
      <div className={styles.head} aria-hidden>
        <span>Description</span>
        <span className={styles.end}>Quantity</span>
        <span className={styles.end}>Unit price</span>
        <span className={styles.end}>Tax %</span>
        <span className={styles.end}>Net</span>
        <span />
      </div>
      <div ref={body}>
        {lines.map((line, index) => (
          <LineRow
            key={line.key}
            line={line}
            position={index + 1}
            errors={errors[index] ?? {}}
            minorUnits={minorUnits}
            onChange={(changed) => onChange(lines.map((other) => (other.key === line.key ? changed : other)))}
            onRemove={
              lines.length === 1 ? null : () => onChange(lines.filter((other) => other.key !== line.key))
            }
            onEnter={index === lines.length - 1 ? addLine : null}
          />
        ))}
      </div>
      <Button
        variant="subtle"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={addLine}
        disabled={lines.length >= 200}
      >
        Add a line
      </Button>
    </div>
  );
}

type LineRowProps = {
  line: DraftLine;
  position: number;
  errors: LineErrors;
  minorUnits: number;
  onChange: (line: DraftLine) => void;
  onRemove: (() => void) | null;
  onEnter: (() => void) | null;
};

const numberFields: { field: LineField; label: string }[] = [
  { field: 'quantity', label: 'Quantity' },
  { field: 'unitPrice', label: 'Unit price' },
  { field: 'taxRate', label: 'Tax %' },
];

function LineRow({ line, position, errors, minorUnits, onChange, onRemove, onEnter }: LineRowProps) {
  const amounts = lineAmounts(line, minorUnits);
  return (
    <div
      className={styles.line}
      data-line
      role="group"
      aria-label={`Line ${position}`}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
        event.preventDefault();
        onEnter?.();
      }}
    >
      <TextInput
        aria-label="Description"
        maxLength={500}
        value={line.description}
        error={errors.description}
        onChange={(event) => onChange({ ...line, description: event.currentTarget.value })}
      />
      {numberFields.map(({ field, label }) => (
        <TextInput
          key={field}
          aria-label={label}
          inputMode="decimal"
          autoComplete="off"
          placeholder={field === 'taxRate' ? '0' : undefined}
          classNames={{ input: styles.number ?? '' }}
          value={line[field]}
          error={errors[field]}
          onChange={(event) => onChange({ ...line, [field]: event.currentTarget.value })}
        />
      ))}
      <output className={styles.net} aria-label="Net">
        {amounts === null ? '\u2013' : readableAmount(decimalText(amounts.net))}
      </output>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Remove line ${position}`}
        disabled={onRemove === null}
        onClick={() => onRemove?.()}
      >
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}
