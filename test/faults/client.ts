import { signUpByMail } from '../harness/people.ts';

/** A signed-in program, speaking to the API as a browser would. */
export type Client = {
  /** Undefined when no answer came: the connection was lost, and what was asked may or may not have happened. */
  send(method: string, path: string, body?: object): Promise<Answered | undefined>;
};

export type Answered = { status: number; body: unknown; type: string };

const patience = 20_000;

async function answer(response: Response): Promise<Answered> {
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  return {
    status: response.status,
    type,
    body: type.includes('json') ? (JSON.parse(text) as unknown) : text,
  };
}

/**
 * Makes an account with a tenant of its own.
 *
 * @param url origin of the server
 */
export async function signUp(url: string, name: string): Promise<Client> {
  const headers = { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' };
  const person = {
    email: `${name}@fault.example`,
    password: 'quiet copper lantern walks',
    name,
    tenantName: `${name} and sons`,
  };
  const { cookie } = await signUpByMail(url, person);
  return {
    send: async (method, path, body) => {
      try {
        const sent = await fetch(`${url}/api${path}`, {
          method,
          headers: { ...headers, cookie },
          signal: AbortSignal.timeout(patience),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return await answer(sent);
      } catch {
        return undefined;
      }
    },
  };
}
