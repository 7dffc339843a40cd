import { resolve } from 'node:path';
import { defineCommand, exit } from '../command-line/command.ts';

export const witness = defineCommand({
  name: ['witness'],
  summary: 'watch other installations’ audit logs and cosign them',
  description:
    'Speaks c2sp.org/tlog-witness: cosigns a checkpoint only when it continues the last one seen, so that two parties can ' +
    'watch each other. Put TLS in front of it. The watched installation names its address and key in audit.witnesses. ' +
    'Ends at Ctrl-C.',
  options: {
    log: {
      kind: 'list',
      placeholder: 'KEY',
      summary: 'public key of a log to watch, as bulkhead audit keys prints it',
    },
    name: {
      kind: 'text',
      placeholder: 'NAME',
      summary: 'the witness’s own name, such as witness.example.org',
      required: true,
    },
    data: {
      kind: 'text',
      placeholder: 'DIR',
      summary: 'where its key and its memory are',
      default: '.bulkhead-witness',
    },
    host: { kind: 'text', placeholder: 'ADDRESS', summary: 'address to listen on', default: '127.0.0.1' },
    port: {
      kind: 'number',
      placeholder: 'N',
      summary: 'port to listen on; 0 picks one',
      range: [0, 65_535],
      default: 4100,
    },
  },
  examples: [
    {
      line: 'bulkhead witness --name witness.example.org --log "books.example.com/audit+1b9c…"',
      does: 'watch one installation',
    },
  ],
  async run(values, terminal) {
    const [{ serveWitness }, { givenKeys }] = await Promise.all([
      import('../audit/serveWitness.ts'),
      import('../audit/asAuditor.ts'),
    ]);
    const serving = await serveWitness({
      folder: resolve(terminal.folder, values.data),
      name: values.name,
      logs: givenKeys(values.log ?? []),
      host: values.host,
      port: values.port,
      clock: Date.now,
      onFault: (error) => terminal.progress(`fault: ${String(error)}`),
    });
    terminal.answer({ json: { url: serving.url, key: serving.key }, text: `${serving.url}\n${serving.key}` });
    const { promise, resolve: end } = Promise.withResolvers<void>();
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    await promise;
    await serving.close();
    return exit.ok;
  },
});
