import { interactionPolicy } from 'oidc-provider';
import type { Applications } from './applications.ts';

/** What a person may have to do before an application is answered: prove who they are, choose an organisation. */
export function createPolicy(applications: Applications): interactionPolicy.DefaultPolicy {
  const { base, Check, Prompt } = interactionPolicy;
  const policy = base();
  // Consent is not asked for: a first-party application needs none, any other is refused before this.
  policy.remove('consent');
  policy.add(
    new Prompt(
      { name: 'select_account', requestable: true },
      new Check('tenant_missing', 'the person has to choose an organisation', async (context) =>
        (await applications.needsTenant(context)) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    ),
  );
  return policy;
}
