import type { TenantPool } from '@bulkhead/kernel';
import type { ModuleAccess } from '@bulkhead/platform/access';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import type { FactorDependencies } from '@bulkhead/platform/identity/factor';
import type { TokenDependencies } from '@bulkhead/platform/identity/token';
import type { Mailer } from '@bulkhead/platform/mail';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { Pool } from 'pg';
import type { IsolationParts } from '../isolation/handlers.ts';
import type { MailMode } from '../mail/mailing.ts';
import type { SingleSignOnParts } from '../singleSignOn/parts.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { UsageHandlerParts } from '../usage/handlers.ts';
import type { WebhookSendingParts } from '../webhooks/out/parts.ts';
import type { BillingHandlerParts } from '../billing/parts.ts';
import type { SamlHandlerParts } from './saml.ts';

/** How mail leaves this server, and what its demo page reads. */
export type MailDesk = { mode: MailMode; worker: Pool | undefined; cipher: FieldCipher };

/** What the platform's handlers work with; one object for the life of a server. */
export type HandlerDependencies = {
  identity: IdentityDependencies;
  factors: FactorDependencies;
  tokens: TokenDependencies;
  /** The platform's and every module's permissions and roles. */
  access: readonly ModuleAccess[];
  /** The tenants' data. */
  db: Pick<TenantPool, 'as'>;
  /** 32 bytes, the same on every server of one installation. */
  cursorKey: Uint8Array;
  isolation: IsolationParts;
  usage: UsageHandlerParts;
  secrets: Secrets;
  saml: SamlHandlerParts;
  /** Writes letters; undefined: this server has no mail. */
  mailer: Mailer | undefined;
  mail: MailDesk;
  singleSignOn: SingleSignOnParts;
  billing: BillingHandlerParts;
  webhookSending: WebhookSendingParts;
};
