import { PasswordInput, type PasswordInputProps } from '@mantine/core';

/** A field whose content is hidden until asked for. */
export function SecretField(props: PasswordInputProps) {
  return (
    <PasswordInput
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ 'aria-label': 'Show or hide what is typed', tabIndex: 0 }}
      {...props}
    />
  );
}
