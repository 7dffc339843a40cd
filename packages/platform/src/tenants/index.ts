/** Tenants and the companies within them. */
export { createTenant, type TenantCreation } from './createTenant.ts';
export type { CreatedTenant, NewTenant } from './insertTenant.ts';
export { createCompany, listCompanies, renameCompany, type Company } from './company.ts';
export {
  readTenant,
  renameTenant,
  requireSecondFactor,
  type Tenant,
  type TenantWithPolicy,
} from './tenant.ts';
export {
  listTiers,
  readTier,
  readTierAndDefault,
  setTier,
  type Tier,
  type TierCap,
  type TierChange,
  type TierSetter,
} from './tier.ts';
export {
  forgetOldUsage,
  readQuotasTaken,
  readUsage,
  recordUsage,
  usageDays,
  type UsageFigure,
  type UsageParts,
  type UsagePoint,
  type UsageStep,
} from './usage.ts';
