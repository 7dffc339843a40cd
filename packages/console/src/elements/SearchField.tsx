import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

type SearchFieldProps = {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (value: string) => void;
};

/** Milliseconds without typing before the search starts. */
const pause = 300;

/** A search that starts by itself when the typing pauses. */
export function SearchField({ label, placeholder, value, onSearch }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  const [asked, setAsked] = useState(value);
  if (value !== seen) {
    setSeen(value);
    // A value that was not asked for here (the back button, a cleared filter) replaces what is typed.
    if (value !== asked) {
      setText(value);
      setAsked(value);
    }
  }
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = window.setTimeout(() => {
      setAsked(text.trim());
      onSearch(text.trim());
    }, pause);
    return () => window.clearTimeout(timer);
  }, [text, value, onSearch]);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={placeholder}
      maxLength={100}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}
