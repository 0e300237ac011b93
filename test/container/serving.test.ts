/** The image at work: read-only, as user 1000, without any capability. */

import { getContainerRuntimeClient } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { psqlMissing, startPsql } from '../support/psql.ts';
import { run } from './command.ts';
import { type Gate, type Stack, startStack } from './stack.ts';

const engine = inject('engine');

describe.skipIf(engine === null)('a container of the image', () => {
  if (engine === null) return;
  let stack: Stack;
  let gate: Gate;

  beforeAll(async () => {
    stack = await startStack(engine);
    gate = await stack.startGate();
  });
  afterAll(() => stack?.stop());

  const inspect = async () => {
    const client = await getContainerRuntimeClient();
    return client.container.getById(gate.container.getId()).inspect();
  };

  it('runs as it should be run: as nobody, on a read-only root, without capabilities', async () => {
    const { Config, HostConfig } = await inspect();
    expect(Config.User).toBe('1000:1000');
    expect(HostConfig.ReadonlyRootfs).toBe(true);
    const status = await gate.container.exec([
      '/usr/local/bin/node',
      '--print',
      "require('fs').readFileSync('/proc/1/status', 'utf8')",
    ]);
    expect(status.output).toMatch(/^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
    expect(status.output).toMatch(/^CapEff:\s+0+$/m);
    expect(status.output).toMatch(/^CapBnd:\s+0+$/m);
    expect(status.output).toMatch(/^NoNewPrivs:\s+1$/m);
    const write = await gate.container.exec([
      '/usr/local/bin/node',
      '--eval',
      "require('fs').writeFileSync('/app/new', '')",
    ]);
    expect(write.exitCode).not.toBe(0);
    expect(write.output).toMatch(/EROFS|EACCES/);
  });

  it('checks its configuration, and says what is wrong with one', () => {
    expect(stack.runOnce('config', 'check')).toMatchObject({
      status: 0,
      stdout: '/etc/postern/postern.yaml is in order.\n',
    });
    const missing = stack.runOnce('config', 'check', '--config', '/etc/postern/none.yaml');
    expect(missing).toMatchObject({ status: 78, stdout: '' });
    expect(missing.stderr).toContain('cannot be read (ENOENT)');
  });

  it('migrates again without harm', () => {
    expect(stack.runOnce('migrate')).toMatchObject({ status: 0 });
  });

  it('serves a query through its published port', async () => {
    const client = await stack.connect(gate);
    const { rows } = await client.query('SELECT count(*)::int AS towns FROM towns');
    expect(rows).toEqual([{ towns: 500 }]);
    await client.end();
  });

  it.skipIf(psqlMissing)('serves psql with the files of a bundle', async () => {
    const { result } = startPsql(
      ['SELECT count(*) FROM towns'],
      { PGPASSWORD: stack.apiKey },
      stack.clientDirectory,
      `host=localhost port=${gate.port} user=${stack.account} dbname=gis sslmode=verify-full sslcert=client.crt sslkey=client.key sslrootcert=server_ca.pem`,
    );
    expect(await result).toEqual({ status: 0, stdout: '500', stderr: '' });
  });

  it('refuses who shows no certificate, and says so', async () => {
    const refused = stack.connect(gate, { ssl: { rejectUnauthorized: false } });
    await expect(refused).rejects.toMatchObject({ code: '28000' });
  });

  it('becomes healthy by its own health check, which follows telemetry.listen', async () => {
    await pollUntil(
      async () => {
        // Nobody's timer calls it there; see engine.ts.
        if (engine.name === 'podman') run(engine, ['healthcheck', 'run', gate.container.getId()]);
        return (await inspect()).State.Health?.Status === 'healthy';
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    expect(await gate.postern('health', '--ready')).toBe('Postern is ready.\n');
    expect(await gate.ask('/livez')).toEqual({ status: 200, body: 'ok\n' });
  });

  it('logs JSON on standard output, one line for each connection', async () => {
    const client = await stack.connect(gate, { application_name: 'in the log' });
    await client.end();
    const line = await pollUntil(async () =>
      (await gate.logLines()).find(({ application }) => application === 'in the log'),
    );
    expect(line).toMatchObject({ level: 'info', outcome: 'admitted', account: 'acme', key: 'reader' });
    const everything = JSON.stringify(await gate.logLines());
    expect(everything).not.toContain(stack.apiKey);
    expect(run(engine, ['logs', gate.container.getId()]).stderr).toBe('');
  });
});
