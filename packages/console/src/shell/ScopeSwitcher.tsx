import { Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { IconBuilding, IconSelector, IconSitemap } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Scope } from '../client/scope.ts';
import { useSession } from '../session/SessionGate.tsx';
import styles from './ScopeSwitcher.module.css';

/** Which tenant, and which of its companies, everything on the page is about. */
export function ScopeSwitcher() {
  const { session, membership, stay, companies, company } = useSession();
  const { choose } = useApiContext();
  const navigate = useNavigate();
  const tenant = membership.tenant;
  function change(scope: Scope): void {
    choose(scope);
    // What a detail page shows belongs to one company; the overview exists for all.
    void navigate({ to: '/' });
  }
  return (
    <div className={styles.switchers}>
      <Switcher
        label="Tenant"
        icon={<IconSitemap size={17} stroke={1.7} aria-hidden />}
        current={tenant.name}
        choices={[...session.memberships, ...(stay === null ? [] : [stay])].map(
          ({ tenant: { id, name } }) => ({
            key: id,
            name,
            chosen: id === tenant.id,
            choose: () => change({ tenant: id }),
          }),
        )}
      />
      <Switcher
        label="Company"
        icon={<IconBuilding size={17} stroke={1.7} aria-hidden />}
        current={company?.name ?? 'All companies'}
        choices={[
          ...(companies.length > 1
            ? [
                {
                  key: 'all',
                  name: 'All companies',
                  chosen: company === undefined,
                  choose: () => change({ tenant: tenant.id }),
                },
              ]
            : []),
          ...companies.map(({ id, name }) => ({
            key: id,
            name,
            chosen: id === company?.id,
            choose: () => change({ tenant: tenant.id, company: id }),
          })),
        ]}
      />
    </div>
  );
}

type Choice = { key: string; name: string; chosen: boolean; choose: () => void };
type SwitcherProps = { label: string; icon: ReactNode; current: string; choices: Choice[] };

function Switcher({ label, icon, current, choices }: SwitcherProps) {
  function onChange(key: string): void {
    choices.find((choice) => choice.key === key)?.choose();
  }
  const face = (
    <>
      {icon}
      <span className={styles.text}>
        <span className={styles.label}>{label}</span>
        <span className={styles.current} title={current}>
          {current}
        </span>
      </span>
    </>
  );
  if (choices.length < 2) return <div className={styles.fixed}>{face}</div>;
  return (
    <Menu position="bottom-start" width={240} shadow="md">
      <Menu.Target>
        <button type="button" className={styles.button} aria-label={`${label}: ${current}. Switch`}>
          {face}
          <IconSelector size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={choices.find(({ chosen }) => chosen)?.key ?? null} onChange={onChange}>
          {choices.map(({ key, name }) => (
            <Menu.RadioItem key={key} value={key} closeMenuOnClick>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
