import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomUUID } from 'node:crypto';
import { eventually } from '../../../test/harness/eventually.ts';

/** A Ceph object gateway over one monitor and one store in memory. */
export type Gateway = {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  close(): Promise<void>;
};

const run = promisify(execFile);

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const configuration = (folder: string, cluster: string, ports: { monitor: number; http: number }): string =>
  `[global]
fsid = ${cluster}
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
pid file =
mon host = v1:127.0.0.1:${ports.monitor}
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
ms bind msgr2 = false
osd objectstore = memstore
memstore device bytes = 268435456
osd data = ${folder}/osd
mon data = ${folder}/mon
; Else it may ask before it knows whose cluster this is, and gives up: "wrong fsid".
osd class update on start = false
osd crush update on start = false
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${ports.http}
rgw data = ${folder}/rgw
rgw run sync thread = false
rgw thread pool size = 16
`;

async function answers(endpoint: string, gateway: ChildProcess): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    if (gateway.exitCode !== null) throw new Error(`radosgw ended with ${gateway.exitCode}`);
    const reply = await fetch(endpoint).catch(() => undefined);
    return reply?.status === 200 ? true : undefined;
  };
  await eventually(probe, { what: 'an answer of radosgw', within: 60_000 });
}

/** Starts one of its own, on free ports; takes about 15 s. */
export async function startGateway(): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-radosgw-'));
  const [monitor, http] = [await freePort(), await freePort()];
  const [file, cluster, map] = [join(folder, 'ceph.conf'), randomUUID(), join(folder, 'monmap')];
  await Promise.all(['mon', 'osd', 'rgw'].map((name) => mkdir(join(folder, name))));
  await writeFile(file, configuration(folder, cluster, { monitor, http }));
  const started: ChildProcess[] = [];
  const ask = (program: string, ...line: string[]) =>
    run(program, ['-c', file, ...line], { timeout: 60_000 });
  const start = (program: string, ...line: string[]): ChildProcess => {
    const child = spawn(program, ['-c', file, '-f', ...line], { stdio: 'ignore' });
    started.push(child);
    return child;
  };
  const close = async (): Promise<void> => {
    for (const child of started.toReversed()) {
      if (child.exitCode !== null || !child.kill('SIGKILL')) continue;
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  const credentials = { accessKeyId: 'anchors', secretAccessKey: randomUUID() };
  const endpoint = `http://127.0.0.1:${http}`;
  try {
    await run('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', `[v1:127.0.0.1:${monitor}]`, map]);
    await ask('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map);
    start('ceph-mon', '-i', 'a');
    await ask('ceph', 'osd', 'create');
    await ask('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', randomUUID());
    await ask('ceph', 'osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=here');
    start('ceph-osd', '-i', '0');
    const user = ['--uid=anchors', '--display-name=anchors', `--access-key=${credentials.accessKeyId}`];
    await ask('radosgw-admin', 'user', 'create', ...user, `--secret-key=${credentials.secretAccessKey}`);
    await answers(endpoint, start('radosgw', '-n', 'client.rgw'));
    return { endpoint, credentials, close };
  } catch (error) {
    await close();
    throw error;
  }
}
