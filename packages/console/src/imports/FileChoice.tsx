import { Button, FileButton, Group } from '@mantine/core';
import styles from './FileChoice.module.css';

/** Bytes of the largest file the server takes. */
const largestFile = 8 * 1024 * 1024;

type FileChoiceProps = {
  file: File | null;
  /** What the button does. */
  action: string;
  working: boolean;
  onChange: (file: File | null) => void;
};

/** Chooses the file, and starts. */
export function FileChoice({ file, action, working, onChange }: FileChoiceProps) {
  const tooLarge = file !== null && file.size > largestFile;
  return (
    <>
      <Group mt="lg" gap="sm">
        <FileButton accept=".csv,text/csv" onChange={onChange} inputProps={{ 'aria-label': 'CSV file' }}>
          {(props) => (
            <Button {...props} variant="default">
              {file === null ? 'Choose a CSV file' : 'Choose another file'}
            </Button>
          )}
        </FileButton>
        <span className={styles.file}>
          {file === null
            ? 'UTF-8, comma or semicolon, up to 8 MB'
            : `${file.name}, ${readableSize(file.size)}`}
        </span>
        <Button
          type="submit"
          disabled={file === null || tooLarge}
          loading={working}
          {...(styles.start === undefined ? {} : { className: styles.start })}
        >
          {action}
        </Button>
      </Group>
      {tooLarge ? (
        <p role="alert" className={styles.tooLarge}>
          The file is larger than 8 MB. Split it into smaller ones.
        </p>
      ) : null}
    </>
  );
}

function readableSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
