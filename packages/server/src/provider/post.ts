import { guardedFetch, type OutboundOptions } from '@bulkhead/platform/outbound';
import type { PostForm } from './logoutDuty.ts';

/** Posts through the outbound guard: to public servers alone, or to places an operator opened; no redirect is followed. */
export function postLogout(options: OutboundOptions): PostForm {
  return async (uri, form, signal) => {
    const { status } = await guardedFetch(uri, {
      ...options,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      redirect: 'manual',
      maxBytes: 64 * 1024,
      signal,
    });
    return status;
  };
}
