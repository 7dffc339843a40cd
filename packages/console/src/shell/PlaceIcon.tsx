import {
  IconBook2,
  IconCalendarCheck,
  IconCreditCard,
  IconChartBar,
  IconFileInvoice,
  IconFileImport,
  IconFlask,
  IconGauge,
  IconHistory,
  IconInbox,
  IconKey,
  IconLayoutDashboard,
  IconLogin2,
  IconShieldLock,
  IconUserShield,
  IconUsers,
  IconWebhook,
} from '@tabler/icons-react';
import type { Place } from './places.ts';

const icons: Record<Place['to'], typeof IconBook2> = {
  '/': IconLayoutDashboard,
  '/invoices': IconFileInvoice,
  '/customers': IconUsers,
  '/journal': IconBook2,
  '/periods': IconCalendarCheck,
  '/reports': IconChartBar,
  '/import': IconFileImport,
  '/members': IconUserShield,
  '/api-keys': IconKey,
  '/webhooks': IconWebhook,
  '/incoming-webhooks': IconInbox,
  '/billing': IconCreditCard,
  '/single-sign-on': IconLogin2,
  '/audit': IconHistory,
  '/isolation': IconShieldLock,
  '/usage': IconGauge,
  '/lab': IconFlask,
};

export function PlaceIcon({ to }: { to: Place['to'] }) {
  const Icon = icons[to];
  return <Icon size={18} stroke={1.7} aria-hidden />;
}
