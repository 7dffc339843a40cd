import type { IdentityDependencies } from '../dependencies.ts';
import { readSessionById } from '../readSession.ts';
import type { Session } from '../session.ts';
import type { AccessTokens } from './accessToken.ts';

/**
 * The live session an access token stands for; null when the token is not genuine or not in time, or its session or
 * account has ended. The end is looked up at each use, in the cache of sessions: in the process that ended it at once,
 * in another within 5 seconds. So a token opens nothing here for longer than that, whatever its own life; a back end
 * of your own that verifies it by the key set alone honours it to its end.
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
  return session?.account.id === claims.sub ? session : null;
}
