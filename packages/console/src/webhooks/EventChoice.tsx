import { Checkbox, Radio, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Loaded } from '../elements/Loaded.tsx';

type EventChoiceProps = {
  /** null: every event. */
  chosen: string[] | null;
  onChange: (chosen: string[] | null) => void;
};

/** What an endpoint is told of: everything, or the events chosen. */
export function EventChoice({ chosen, onChange }: EventChoiceProps) {
  const { tenant } = useApiContext();
  const kinds = useQuery(tenant.query.webhookEndpoint.events.queryOptions({ input: {} }), tenant.cache);
  return (
    <Stack gap="sm">
      <Radio.Group
        label="Events"
        value={chosen === null ? 'all' : 'some'}
        onChange={(value) => onChange(value === 'all' ? null : [])}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="all" label="Everything" description="Also events that are added later." />
          <Radio value="some" label="Only these" />
        </Stack>
      </Radio.Group>
      {chosen === null ? null : (
        <Loaded query={kinds} rows={3}>
          {({ events }) => (
            <Checkbox.Group aria-label="Events to send" value={chosen} onChange={(value) => onChange(value)}>
              <Stack gap="xs">
                {events.map(({ type, description }) => (
                  <Checkbox key={type} value={type} label={type} description={description} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
        </Loaded>
      )}
    </Stack>
  );
}
