import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, type KeyboardEvent } from 'react';
import { decimalText } from '../money/decimal.ts';
import { readableAmount } from '../money/format.ts';
import { emptyLine, lineAmounts, type DraftLine, type LineErrors, type LineField } from './draft.ts';
import styles from './LineEditor.module.css';

/** Lines an invoice may have. */
const mostLines = 200;

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
  const count = useRef(lines.length);
  useEffect(() => {
    if (lines.length > count.current)
      body.current?.querySelector<HTMLInputElement>('fieldset:last-of-type input')?.focus();
    count.current = lines.length;
  }, [lines.length]);
  function addLine(): void {
    if (lines.length < mostLines) onChange([...lines, emptyLine(crypto.randomUUID(), lines.at(-1)?.taxRate)]);
  }
  return (
    <div>
      <LineHead />
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
        disabled={lines.length >= mostLines}
      >
        Add a line
      </Button>
    </div>
  );
}

function LineHead() {
  return (
    <div className={styles.head} aria-hidden>
      <span>Description</span>
      <span className={styles.end}>Quantity</span>
      <span className={styles.end}>Unit price</span>
      <span className={styles.end}>Tax %</span>
      <span className={styles.end}>Net</span>
      <span />
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

const fields: { field: LineField; label: string; most: number }[] = [
  { field: 'description', label: 'Description', most: 500 },
  { field: 'quantity', label: 'Quantity', most: 20 },
  { field: 'unitPrice', label: 'Unit price', most: 30 },
  { field: 'taxRate', label: 'Tax %', most: 10 },
];

function LineRow({ line, position, errors, minorUnits, onChange, onRemove, onEnter }: LineRowProps) {
  const amounts = lineAmounts(line, minorUnits);
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    onEnter?.();
  }
  return (
    <fieldset className={styles.line} aria-label={`Line ${position}`}>
      {fields.map(({ field, label, most }) => (
        <TextInput
          key={field}
          label={label}
          inputMode={field === 'description' ? 'text' : 'decimal'}
          autoComplete="off"
          maxLength={most}
          placeholder={field === 'taxRate' ? '0' : undefined}
          classNames={{
            label: styles.label ?? '',
            ...(field === 'description' ? {} : { input: styles.number ?? '' }),
          }}
          value={line[field]}
          error={errors[field]}
          onChange={(event) => onChange({ ...line, [field]: event.currentTarget.value })}
          onKeyDown={onKeyDown}
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
    </fieldset>
  );
}
