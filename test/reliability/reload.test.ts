/** Certificates that are replaced under a running instance, as cert-manager and the Kubernetes kubelet do. */

import { copyFile, mkdir, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { RawClient } from '../support/raw-client.ts';
import { connect, works } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { installation, postern, publicHost } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { serve, untilLogged } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();

/**
 * Puts certificate and key in place in one step: a new directory, and `..data` that leads there by a rename
 * (https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util#AtomicWriter).
 */
const swap = async (mount: string, name: string, files: Readonly<Record<string, string>>): Promise<void> => {
  await mkdir(join(mount, name));
  for (const [file, from] of Object.entries(files)) await copyFile(from, join(mount, name, file));
  await symlink(name, join(mount, '..data_tmp'));
  await rename(join(mount, '..data_tmp'), join(mount, '..data'));
  expect(await readlink(join(mount, '..data'))).toBe(name);
};

/** What a new connection is shown. */
const shownSerial = async (): Promise<string> => {
  const client = await RawClient.open(6432, address);
  await client.requestTls({ servername: publicHost, rejectUnauthorized: false });
  const serial = client.tls.getPeerX509Certificate()?.serialNumber ?? '';
  client.close();
  return serial;
};

describe('a certificate that is replaced while sessions go on', () => {
  it('is shown to who comes from then on; a broken one never', async () => {
    const { directory } = installation();
    const mount = join(directory, 'mounted');
    const [old, renewed] = ['tls', 'renewed'].map((name) => ({
      'server.crt': join(directory, name, 'server.crt'),
      'server.key': join(directory, name, 'server.key'),
    }));
    if (!old || !renewed) throw new Error('no certificates');
    await mkdir(mount);
    await swap(mount, '..1', old);
    for (const file of Object.keys(old)) await symlink(join('..data', file), join(mount, file));
    await postern(installation(), 'ca', 'create', '--dir', 'renewed', '--name', publicHost);
    const serving = await serve(running(), { address, workers: 2, tls: 'mounted' });
    const session = await connect(running(), address);
    const before = await shownSerial();

    const garbage = join(directory, 'garbage');
    await writeFile(garbage, 'no certificate');
    const brokenAt = performance.now();
    await swap(mount, '..2', { ...renewed, 'server.crt': garbage });
    await untilLogged(serving, ({ msg }) => String(msg).startsWith('not reloaded'));
    const noticed = secondsSince(brokenAt);
    expect(await serving.metric('postern_reloads_total', 'outcome="failed"')).toBeGreaterThan(0);
    for (let time = 0; time < 6; time += 1) {
      expect(await shownSerial()).toBe(before);
      expect(await works(await connect(running(), address))).toBe(true);
    }

    const renewedAt = performance.now();
    await swap(mount, '..3', renewed);
    await pollUntil(async () => (await shownSerial()) !== before, { timeoutMs: 10_000 });
    await untilLogged(serving, ({ msg }) => msg === 'reloaded');
    const shown = secondsSince(renewedAt);
    const after = await shownSerial();
    for (let time = 0; time < 6; time += 1) expect(await shownSerial()).toBe(after);
    expect(await works(session)).toBe(true);
    expect(await serving.metric('postern_reloads_total', 'outcome="applied"')).toBe(1);
    record({
      fault: 'Certificate replaced by a broken one (symbolic link swapped), `workers: 2`',
      seen: 'nothing: new connections are shown the old one',
      lost: '0',
      effect: `${noticed} until the log and \`postern_reloads_total\` said so`,
    });
    record({
      fault: 'Certificate replaced by a good one in the same way',
      seen: 'new connections the new one',
      lost: '0',
      effect: `${shown} until it was shown`,
    });
  });
});
