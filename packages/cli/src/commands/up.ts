import { resolve } from 'node:path';
import { defineCommand, exit, type ExitCode } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { castDemo, listSignIns, type TenantSignIns } from '../demo/cast.ts';
import { demoModule, loadModuleDemo } from '../demo/moduleDemo.ts';
import type { Instance } from '../up/bringUp.ts';
import { launcher } from '../up/launcher.ts';
import { watchLifetime, type Lifetime } from '../up/lifetime.ts';
import type { UpRequest } from '../up/request.ts';
import { describeInstance } from '../up/summary.ts';
import { moduleOption } from './moduleOption.ts';

async function signInsOf(request: UpRequest): Promise<TenantSignIns[]> {
  return request.demo ? listSignIns(castDemo((await loadModuleDemo(request.folder)).demoTenants)) : [];
}

function answer(instance: Instance, signIns: TenantSignIns[], terminal: Terminal): void {
  const { url, console, data, phases } = instance;
  terminal.answer({
    json: { url, api: `${url}/api`, console, data: data ?? null, pid: process.pid, demo: signIns, phases },
    text: describeInstance(instance, signIns),
  });
}

/** Serves until it is asked to stop, or can serve no longer. */
async function serve(request: UpRequest, terminal: Terminal, lifetime: Lifetime): Promise<ExitCode> {
  const stack = new AsyncDisposableStack();
  try {
    const { bringUp } = await import('../up/bringUp.ts');
    const instance = await bringUp(request, { terminal, signal: lifetime.signal, stack });
    answer(instance, await signInsOf(request), terminal);
    await Promise.race([lifetime.stopAsked, instance.lost]);
    terminal.progress('Stopping: finishing the requests under way (Ctrl-C again ends at once) …');
    return exit.ok;
  } catch (error) {
    // Asked to stop while starting: that is no failure.
    if (lifetime.signal.aborted && !(error instanceof CommandFailure)) return exit.ok;
    throw error;
  } finally {
    await stack.disposeAsync();
    lifetime.end();
  }
}

export const up = defineCommand({
  name: ['up'],
  summary: 'start everything: Postgres, schema, API and console',
  description:
    'Starts a Postgres of its own in the data folder unless another is configured or named, makes its roles and ' +
    'secrets on first start, applies migrations, and serves until Ctrl-C. Settings of the server are read from ' +
    'BULKHEAD_… variables and the file that BULKHEAD_CONFIG names; see docs/configuration.md.',
  options: {
    port: {
      kind: 'number',
      placeholder: 'N',
      summary: 'port to listen on; 0 takes any free one; 4000 unless configured',
      range: [0, 65_535],
    },
    host: {
      kind: 'text',
      placeholder: 'ADDRESS',
      summary: 'address to listen on; 127.0.0.1 unless configured',
    },
    data: { kind: 'text', placeholder: 'DIR', summary: 'the data folder', default: '.bulkhead' },
    demo: {
      kind: 'flag',
      summary: 'fill it with three demo tenants, whose sign-ins are printed; this machine only',
    },
    reset: { kind: 'flag', summary: 'remove the data folder’s database and secrets first' },
    database: {
      kind: 'text',
      placeholder: 'URL',
      summary: 'serve from this Postgres: postgres://[administrator@]host[:port]/name, without a password',
    },
    ...moduleOption,
  },
  examples: [
    { line: 'bulkhead up --demo', does: 'the demo on http://localhost:4000' },
    { line: 'bulkhead up --demo --reset --port 5000', does: 'begin anew, on another port' },
    {
      line: 'PGPASSWORD=… bulkhead up --database postgres://postgres@db.internal/app --module @bulkhead/books',
      does: 'serve one module from another Postgres, making its roles',
    },
  ],
  async run(values, terminal) {
    const { host, port, database, demo, reset, module } = values;
    const request: UpRequest = {
      data: resolve(terminal.folder, values.data),
      folder: terminal.folder,
      host,
      port,
      database,
      modules: demo && !module.includes(demoModule) ? [demoModule, ...module] : module,
      demo,
      reset,
    };
    // npm may be killed without a chance to tell its script; in a shell, outliving it is the user's choice.
    const underNpm = terminal.env['npm_lifecycle_event'] !== undefined;
    const lifetime = watchLifetime({
      // The exit ends Postgres too: its starter listens for it.
      force: () => process.exit(130),
      ...(underNpm ? { watchParent: launcher } : {}),
    });
    return serve(request, terminal, lifetime);
  },
});
