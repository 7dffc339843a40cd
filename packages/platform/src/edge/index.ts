export { takeWithBurst } from './burst.ts';
export { callerAddress } from './callerAddress.ts';
export { limitHeaders, secondsOf } from './headers.ts';
export type { BurstLimit, Limit, LimitStore, Taken, Verdict } from './limit.ts';
export { Limiter } from './limiter.ts';
export type { LimiterOptions } from './limiter.ts';
export { postgresStore, purgeRateWindows } from './postgresStore.ts';
export { ServerCount } from './serverCount.ts';
