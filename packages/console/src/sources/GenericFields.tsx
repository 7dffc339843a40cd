import { NativeSelect, Stack, TextInput } from '@mantine/core';

export type SettingsDraft = {
  signatureHeader: string;
  encoding: 'hex' | 'base64';
  prefix: string;
  timestampHeader: string;
  signed: string;
  idField: string;
  typeField: string;
};

export const startingSettings: SettingsDraft = {
  signatureHeader: 'x-hub-signature-256',
  encoding: 'hex',
  prefix: 'sha256=',
  timestampHeader: '',
  signed: '{body}',
  idField: '',
  typeField: '',
};

const texts = [
  ['signatureHeader', 'Header of the signature', ''],
  ['prefix', 'What stands before it', 'For example sha256='],
  ['timestampHeader', 'Header of the time', 'In Unix seconds. Without one, a signature never expires.'],
  ['signed', 'What is signed', '{body}, or for example {timestamp}.{body}'],
  ['idField', 'Member that holds the event’s id', 'Without one, an event is known by its whole body.'],
  ['typeField', 'Member that names its type', 'Without one, every event is of type event.'],
] as const;

type GenericFieldsProps = { settings: SettingsDraft; onChange: (changes: Partial<SettingsDraft>) => void };

/** How a sender signs that follows none of the named schemes. */
export function GenericFields({ settings, onChange }: GenericFieldsProps) {
  return (
    <Stack gap="md">
      {texts.map(([name, label, description]) => (
        <TextInput
          key={name}
          label={label}
          description={description}
          maxLength={80}
          spellCheck={false}
          value={settings[name]}
          onChange={(event) => onChange({ [name]: event.currentTarget.value.trim() })}
        />
      ))}
      <NativeSelect
        label="Written as"
        data={[
          { value: 'hex', label: 'Hexadecimal' },
          { value: 'base64', label: 'Base64' },
        ]}
        value={settings.encoding}
        onChange={(event) => onChange({ encoding: event.currentTarget.value === 'hex' ? 'hex' : 'base64' })}
      />
    </Stack>
  );
}
