import { Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import {
  IconDeviceDesktop,
  IconDotsVertical,
  IconKeyboard,
  IconLifebuoy,
  IconLogout,
  IconMail,
  IconMoon,
  IconShieldLock,
  IconSun,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMailMode } from '../session/MailSent.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { useSignOut } from '../session/useSignOut.ts';
import styles from './AccountMenu.module.css';

const schemes: { value: MantineColorScheme; label: string; Icon: typeof IconSun }[] = [
  { value: 'light', label: 'Light', Icon: IconSun },
  { value: 'dark', label: 'Dark', Icon: IconMoon },
  { value: 'auto', label: 'Like the system', Icon: IconDeviceDesktop },
];

/** Who is signed in; colours, shortcuts, sign-out. */
export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { session, membership } = useSession();
  const signOut = useSignOut();
  const mailMode = useMailMode();
  const { name, email } = session.account;
  return (
    <Menu position="top-start" width={240} shadow="md">
      <Menu.Target>
        <button type="button" className={styles.button} aria-label={`Account: ${name}`}>
          <span className={styles.initials} aria-hidden>
            {initials(name)}
          </span>
          <span className={styles.text}>
            <span className={styles.name}>{name}</span>
            <span className={styles.role}>{membership.role}</span>
          </span>
          <IconDotsVertical size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className={styles.email}>{email}</Menu.Label>
        <ColorSchemes />
        <Menu.Divider />
        <Menu.Item component={Link} to="/security" leftSection={<IconShieldLock size={16} aria-hidden />}>
          Security
        </Menu.Item>
        {session.account.operator ? (
          <Menu.Item component={Link} to="/operator" leftSection={<IconLifebuoy size={16} aria-hidden />}>
            Operator
          </Menu.Item>
        ) : null}
        {mailMode === 'sink' ? (
          <Menu.Item component={Link} to="/mail" leftSection={<IconMail size={16} aria-hidden />}>
            Mail (demo)
          </Menu.Item>
        ) : null}
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onHelp}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function ColorSchemes() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  function choose(value: string): void {
    const chosen = schemes.find((scheme) => scheme.value === value);
    if (chosen !== undefined) setColorScheme(chosen.value);
  }
  return (
    <Menu.RadioGroup value={colorScheme} onChange={choose}>
      {schemes.map(({ value, label, Icon }) => (
        <Menu.RadioItem key={value} value={value} rightSection={<Icon size={16} aria-hidden />}>
          {label}
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => Array.from(word ?? '')[0] ?? '')
    .join('')
    .toUpperCase();
}
