import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openServer, send, signUp, companyOf } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';
const { module } = widgetsModule();
test('it runs', async () => {
  const f = await openServer([module]);
  try {
    const p = await signUp(f.url);
    const company = await companyOf(f.url, p);
    console.log(p, company);
    for (const path of ['/api/session','/api/tenant','/api/companies','/api/members','/api/invites','/api/audit/entries','/readyz','/healthz','/api/widgets/widgets','/api/nope','/api/widgets/fail?how=throw','/api/widgets/fail?how=output','/api/widgets/fail?how=query', '/api/widgets/watch', '/api/widgets/widgets/abc'])
      console.log(path, await send(f.url, path, { cookie: p.cookie }).then(a => [a.status, a.headers.get('content-type'), a.text.slice(0,300)]));
    console.log(await send(f.url, '/api/widgets/widgets', { cookie: p.cookie, company, json: {name:'a', size: 1} }));
    console.log((await send(f.url, '/rpc/widgets/create', { cookie: p.cookie, company, json: {json:{name:'a', size: 1}} })).text);
    console.log((await send(f.url, '/rpc/widgets/create', { cookie: p.cookie, company, json: {json:{name:'b', size: 0}} })).text);
    console.log(f.log.join(''));
  } finally { await f.close(); }
});
