import type { Command } from '../command-line/command.ts';
import { accountDisable } from './accountDisable.ts';
import { accountEnable } from './accountEnable.ts';
import { accountResetFactors } from './accountResetFactors.ts';
import { accountSessions } from './accountSessions.ts';
import { accountUnlock } from './accountUnlock.ts';
import { apiKeyList } from './apiKeyList.ts';
import { apiKeyRevoke } from './apiKeyRevoke.ts';
import { auditCheckpoint } from './auditCheckpoint.ts';
import { auditCut } from './auditCut.ts';
import { auditErase } from './auditErase.ts';
import { auditErasures } from './auditErasures.ts';
import { auditExport } from './auditExport.ts';
import { auditKeys } from './auditKeys.ts';
import { auditProof } from './auditProof.ts';
import { auditVerify } from './auditVerify.ts';
import { attack } from './attack.ts';
import { billingLink } from './billingLink.ts';
import { billingPrice } from './billingPrice.ts';
import { check } from './check.ts';
import { clientCreate } from './clientCreate.ts';
import { clientList } from './clientList.ts';
import { clientRemove } from './clientRemove.ts';
import { clientRotateSecret } from './clientRotateSecret.ts';
import { connectionDisable } from './connectionDisable.ts';
import { connectionList } from './connectionList.ts';
import { contextInspect } from './contextInspect.ts';
import { contextMint } from './contextMint.ts';
import { contextRetire } from './contextRetire.ts';
import { contextRotate } from './contextRotate.ts';
import { inboundList } from './inboundList.ts';
import { inboundReplay } from './inboundReplay.ts';
import { keyList } from './keyList.ts';
import { keyRotate } from './keyRotate.ts';
import { mailStatus } from './mailStatus.ts';
import { migrate } from './migrate.ts';
import { operatorPromote } from './operatorPromote.ts';
import { operatorRevoke } from './operatorRevoke.ts';
import { privateTargetClose } from './privateTargetClose.ts';
import { privateTargetList } from './privateTargetList.ts';
import { privateTargetOpen } from './privateTargetOpen.ts';
import { scan } from './scan.ts';
import { secretsCheck } from './secretsCheck.ts';
import { tenantCreate } from './tenantCreate.ts';
import { tenantList } from './tenantList.ts';
import { tenantUsage } from './tenantUsage.ts';
import { up } from './up.ts';
import { version } from './version.ts';
import { webhookDeliveries } from './webhookDeliveries.ts';
import { webhookList } from './webhookList.ts';
import { webhookReplay } from './webhookReplay.ts';
import { witness } from './witness.ts';

/** Every command, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  up,
  migrate,
  check,
  scan,
  attack,
  tenantCreate,
  tenantList,
  tenantUsage,
  accountDisable,
  accountEnable,
  accountUnlock,
  accountResetFactors,
  accountSessions,
  operatorPromote,
  operatorRevoke,
  privateTargetOpen,
  privateTargetClose,
  privateTargetList,
  connectionList,
  connectionDisable,
  apiKeyList,
  apiKeyRevoke,
  mailStatus,
  secretsCheck,
  webhookList,
  webhookDeliveries,
  webhookReplay,
  inboundList,
  inboundReplay,
  billingPrice,
  billingLink,
  keyList,
  keyRotate,
  clientCreate,
  clientList,
  clientRotateSecret,
  clientRemove,
  contextMint,
  contextInspect,
  contextRotate,
  contextRetire,
  auditVerify,
  auditCheckpoint,
  auditProof,
  auditKeys,
  auditCut,
  auditExport,
  auditErase,
  auditErasures,
  witness,
  version,
];
