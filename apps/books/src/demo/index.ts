export { demoTenants, type DemoCompany, type DemoTenant } from './profiles.ts';
export { seedBooks, type SeedOptions, type SeedSummary } from './seed.ts';
