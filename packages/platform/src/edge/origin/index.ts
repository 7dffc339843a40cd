/** Which websites' pages may call a tenant's API from a browser. */
export {
  allowOrigin,
  isOriginNamed,
  listAllowedOrigins,
  withdrawOrigin,
  type AllowedOrigin,
} from './allowed.ts';
export { isOrigin, parseOrigin, type Origin } from './origin.ts';
