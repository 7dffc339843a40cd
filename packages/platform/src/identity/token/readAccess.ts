import type { IdentityDependencies } from '../dependencies.ts';
import { readSessionById } from '../readSession.ts';
import type { Session } from '../session.ts';
import { skew, type AccessTokens } from './accessToken.ts';

/**
 * The live session an access token stands for; null when the token is not genuine or not in time, or its session or
 * account has ended. The end is looked up at each use, in the cache of sessions: in the process that ended it at once,
 * in another within 5 seconds. So a token opens nothing here for longer than that, whatever its own life; a back end
 * of your own that verifies it by the key set alone honours it to its end.
 *
 * A token from before its session was proved anew (step-up, a factor added) is none either, as the cookie of before is none:
 * the proof is that of whoever refreshes next, not of whoever holds a copy. One that is up to five seconds older is taken, since
 * another server's clock may have been behind by that.
 *
 * @param options.fresh ask the database, whatever the cache holds
 */
export async function readAccessToken(
  { identity, accessTokens }: { identity: IdentityDependencies; accessTokens: AccessTokens },
  token: string,
  options: { fresh?: boolean } = {},
): Promise<Session | null> {
  const claims = await accessTokens.verify(token);
  if (claims === null) return null;
  const session = await readSessionById(identity, claims.sid, options);
  if (session?.account.id !== claims.sub) return null;
  return session.authenticatedAt.getTime() <= (claims.iat + skew) * 1000 ? session : null;
}
