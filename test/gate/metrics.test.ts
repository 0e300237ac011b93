/** What the metrics of a gate show while connections come, work and are refused. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { addAddressRule, removeAddressRule } from '../../src/control/address-rules.ts';
import { gateTable, processTable } from '../../src/telemetry/metric-table.ts';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import { proveByScram, query } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest({
  configure: (config) => ({ ...config, limits: { ...config.limits, sessions: 400, halfOpen: 300 } }),
});

const metricsText = async () => {
  const response = await fetch(`http://127.0.0.1:${gate.postern.serving.telemetryPort}/metrics`);
  return response.text();
};
const series = async (): Promise<ReadonlySet<string>> =>
  new Set(
    (await metricsText())
      .split('\n')
      .filter((line) => line.startsWith('postern_'))
      .map((line) => line.slice(0, line.lastIndexOf(' '))),
  );
const bytes = (direction: string) => gate.gauge(`postern_bytes_total\\{direction="${direction}"\\}`);

describe('the metrics', () => {
  it('count a connection when it comes, and the limits that it counts against', async () => {
    const before = await gate.gauge('postern_connections_accepted_total');
    const client = await gate.plain();
    await pollUntil(async () => (await gate.gauge('postern_connections_accepted_total')) === before + 1);
    expect(await gate.gauge('postern_connections_half_open')).toBe(1);
    expect(await gate.gauge('postern_connections_half_open_limit')).toBe(300);
    expect(await gate.gauge('postern_sessions_limit')).toBe(400);
    client.close();
  });

  it('count bytes while a session lives, and lose none when it ends', async () => {
    const { client } = await gate.loggedIn();
    const before = [await bytes('client_to_backend'), await bytes('backend_to_client')] as const;
    const rows = await query(client, "SELECT repeat('x', 100000)");
    expect(rows[0]?.[0]).toHaveLength(100_000);
    const during = [await bytes('client_to_backend'), await bytes('backend_to_client')] as const;
    expect(during[0] - before[0]).toBeGreaterThan(20);
    expect(during[1] - before[1]).toBeGreaterThan(100_000);
    client.close();
    await gate.atRest();
    expect(await bytes('client_to_backend')).toBe(during[0]);
    expect(await bytes('backend_to_client')).toBe(during[1]);
  });

  it('tell how long a change took to be in force, by no clock but the store’s', async () => {
    const count = () => gate.gauge('postern_policy_lag_seconds_count');
    const before = await count();
    const { context, account } = gate.postern;
    const cidr = '192.0.2.7/32';
    const { id } = await addAddressRule(context, account, { cidr, label: 'lag', expiresAt: null });
    await gate.caughtUp();
    await pollUntil(async () => (await count()) > before);
    expect(await gate.gauge('postern_policy_lag_seconds_bucket\\{le="2.5"\\}')).toBe(await count());
    await removeAddressRule(context, account, id);
  });

  it('tell when the certificates expire', async () => {
    const { gate: settings } = gate.postern.config;
    for (const [certificate, file] of [
      ['server', settings?.certificateFile],
      ['client_ca', settings?.clientCaFile],
    ]) {
      const expiry = new X509Certificate(await readFile(file ?? '', 'utf8')).validToDate.getTime() / 1000;
      expect(
        await gate.gauge(`postern_certificate_expiry_timestamp_seconds\\{certificate="${certificate}"\\}`),
      ).toBe(expiry);
    }
  });
});

describe('hostile clients', () => {
  /** As many series as there can be, by the table; there is one backend. */
  const seriesOf = ({ labels, ...definition }: (typeof definitions)[number]) => {
    const combinations = Object.values(labels).reduce(
      (product, values) => product * (values === 'configured' ? 1 : values.length),
      1,
    );
    return combinations * ('buckets' in definition ? definition.buckets.length + 3 : 1);
  };
  const definitions = [...Object.values(gateTable), ...Object.values(processTable)];

  const attack = async (turn: number) => {
    const name = `"} 1\npostern_evil{x="${turn}`;
    const garbage = await gate.plain();
    garbage.send(Buffer.from(`GET /${name} HTTP/1.1\r\n\r\n`));
    const inClear = await gate.plain();
    inClear.send(startup({ user: name, database: name }));
    const alpn = await gate.plain();
    await alpn.upgrade(gate.tlsOptions({ ALPNProtocols: [`evil-${turn}`] })).catch(() => undefined);
    const other = await gate.greeted({ user: name, database: name, application_name: name });
    await other.rest();
    const unknownDatabase = await gate.greeted({ database: `${name} database` });
    await unknownDatabase.rest();
    const wrongKey = await gate.greeted({ application_name: name });
    await proveByScram(wrongKey, `pst_${turn}_wrong`);
    await wrongKey.rest();
    const truncated = await gate.plain();
    truncated.send(buildSslRequest());
    await truncated.read(1);
    truncated.send(Buffer.from(name));
    await Promise.all([garbage, inClear, truncated].map((client) => client.rest()));
  };

  it('make no series by what they send: after the first of each kind the number stays', async () => {
    await attack(0);
    await gate.atRest();
    const after = await series();
    for (let turn = 1; turn <= 8; turn += 1) await attack(turn);
    await gate.atRest();
    // A guesser is slowed down after a while, which is a reason of its own.
    const added = [...(await series()).difference(after)];
    expect(added.filter((one) => !one.includes('reason="throttled"'))).toEqual([]);
    expect(await metricsText()).not.toContain('evil');
    const bound = definitions.reduce((sum, definition) => sum + seriesOf(definition), 0);
    expect((await series()).size).toBeLessThan(bound);
  });
});
