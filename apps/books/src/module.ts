import { defineModule } from '@bulkhead/server/module';
import { contract } from './contract/index.ts';
import { errors } from './errors.ts';
import { events } from './events.ts';
import { permissions, roles } from './roles.ts';
import { router } from './router/index.ts';

/** Books as a module of the server. */
export const books = defineModule({
  name: 'books',
  migrations: new URL('../sql/', import.meta.url),
  contract,
  router,
  permissions,
  roles,
  documents: ['books.invoice', 'books.journal_entry'],
  errors,
  events,
});
