import { Checkbox, Radio, Stack } from '@mantine/core';
import { useSession } from '../session/SessionGate.tsx';
import { moduleRoles, organisationRoles } from './roles.ts';
import type { Access } from './types.ts';

/** Chooses a member's roles and companies. Only an owner may choose owner. */
export function AccessFields({ access, onChange }: { access: Access; onChange: (access: Access) => void }) {
  const { companies, membership } = useSession();
  const offered = organisationRoles.filter(({ value }) => value !== 'owner' || membership.role === 'owner');
  return (
    <Stack gap="md">
      <Radio.Group label="Role" value={access.role} onChange={(role) => onChange({ ...access, role })}>
        <Stack gap="xs" mt="xs">
          {offered.map((role) => (
            <Radio key={role.value} {...role} />
          ))}
        </Stack>
      </Radio.Group>
      {access.role === 'member' ? (
        <Checkbox.Group
          label="In the books"
          value={access.moduleRoles}
          onChange={(roles) => onChange({ ...access, moduleRoles: roles })}
        >
          <Stack gap="xs" mt="xs">
            {moduleRoles.map((role) => (
              <Checkbox key={role.value} {...role} />
            ))}
          </Stack>
        </Checkbox.Group>
      ) : null}
      {companies.length > 1 ? (
        <Checkbox.Group
          label="Companies"
          description="None chosen means all of them, also those to come."
          value={access.companies ?? []}
          onChange={(chosen) => onChange({ ...access, companies: chosen.length === 0 ? null : chosen })}
        >
          <Stack gap="xs" mt="xs">
            {companies.map(({ id, name }) => (
              <Checkbox key={id} value={id} label={name} />
            ))}
          </Stack>
        </Checkbox.Group>
      ) : null}
    </Stack>
  );
}
