import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startAuditStream } from '../../src/compose/audit-stream.ts';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { listAudit, verifyAudit } from '../../src/store/audit.ts';
import { streamAudit } from '../../src/store/audit-stream.ts';
import { startForwarder } from '../gate/forwarder.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestInstance, type TestPostern } from '../support/postern.ts';
import { postgresUrl } from '../support/postgres.ts';
import { openTestLog } from '../support/test-log.ts';

const cluster = new URL(postgresUrl());
/** The third instance's store, and nobody else's, lies behind it. */
const way = await startForwarder({ host: cluster.hostname, port: Number(cluster.port) });
let postern: TestPostern;
let second: TestInstance;
let third: TestInstance;
let everyone: readonly Pick<TestInstance, 'logLines'>[];

beforeAll(async () => {
  postern = await startPostern();
  second = await postern.startInstance();
  third = await postern.startInstance((config) => {
    const url = new URL(config.store.url);
    url.hostname = '127.0.0.1';
    url.port = String(way.port);
    return {
      ...config,
      store: { ...config.store, url: url.href },
      telemetry: { ...config.telemetry, logLevel: 'info' },
    };
  });
  everyone = [postern, second, third];
});
afterEach(() => way.mend());
afterAll(async () => {
  await postern?.stop();
  await way.stop();
});

const isAudit = ({ msg }: Record<string, unknown>) => msg === 'audit';
const auditLines = () => everyone.flatMap(({ logLines }) => logLines().filter(isAudit));
const numbers = () => auditLines().map(({ number }) => Number(number));

let made = 0;
const change = async () => {
  made += 1;
  const cidr = `198.51.100.${made}/32`;
  await addAddressRule(postern.context, postern.account, { cidr, label: 'audited', expiresAt: null });
};

/** Every event of the store, as the logs should have it. */
const expected = async () =>
  (await listAudit(postern.store.console, { limit: 1_000 })).map(({ hash, at, ...event }) => ({
    number: event.number,
    id: event.id,
    at: at.toISOString(),
    actor: event.actor,
    action: event.action,
    target: event.target,
    hash: hash.toString('hex'),
  }));

const untilStreamed = () =>
  pollUntil(async () => {
    const wanted = new Set((await expected()).map(({ number }) => number));
    expect(wanted.difference(new Set(numbers()))).toEqual(new Set());
    // Written, and noted as written.
    const { rows } = await postern.store.owner.query('SELECT written FROM postern.audit_stream');
    expect(rows).toEqual([{ written: Math.max(...wanted) }]);
    return true;
  });

describe('the audit in the log', () => {
  it('holds every event once, at whichever instance, also those from before they ran', async () => {
    await Promise.all(Array.from({ length: 20 }, change));
    await untilStreamed();
    const lines = auditLines()
      .map(({ level, time, msg, ...fields }) => {
        expect([level, msg]).toEqual(['info', 'audit']);
        expect(Date.parse(String(time))).toBeGreaterThan(0);
        return fields;
      })
      .sort((one, other) => Number(other['number']) - Number(one['number']));
    expect(lines).toEqual(await expected());
    expect(await verifyAudit(postern.store.console)).toMatchObject({ kind: 'intact' });
  });

  it('goes on at the others when one is cut off from the store, which writes none twice when it is back', async () => {
    way.cut();
    for (let time = 0; time < 5; time += 1) await change();
    await untilStreamed();
    const complaints = () =>
      third.logLines().filter(({ msg }) => String(msg).startsWith('audit events do not get'));
    await pollUntil(() => complaints().length === 1);
    way.mend();
    await change();
    await untilStreamed();
    expect(numbers()).toHaveLength(new Set(numbers()).size);
    expect(complaints()).toHaveLength(1);
  });

  it('is made good at the next start when nobody ran, whatever the log level', async () => {
    await second.stop();
    await third.stop();
    await postern.serving.stop();
    const before = new Set(numbers());
    for (let time = 0; time < 3; time += 1) await change();
    const log = openTestLog(`${postern.directory}/next.log`, 'error');
    const stop = startAuditStream(postern.config, log.log);
    await pollUntil(() => log.lines().length === 3);
    await stop();
    log.close();
    const written = log.lines().map(({ number }) => Number(number));
    expect(new Set(written).isDisjointFrom(before)).toBe(true);
    expect(written).toEqual(written.toSorted((one, other) => one - other));
  });
});

describe('whoever streams the audit', () => {
  it('hands nothing over while another is at it, and again what another did not come to an end with', async () => {
    const { gate, console: control } = postern.store;
    await change();
    const seen: number[] = [];
    const note = ({ number }: { number: number }) => void seen.push(number);
    await gate.transaction(async (tx) => {
      await tx.query('SELECT postern.take_audit_events(0)');
      await streamAudit(control, note);
    });
    expect(seen).toEqual([]);
    const crash = new Error('out of disk');
    await expect(
      streamAudit(gate, () => {
        throw crash;
      }),
    ).rejects.toBe(crash);
    await streamAudit(gate, note);
    await streamAudit(control, note);
    expect(seen).toHaveLength(1);
  });

  it('can move the stream by nothing but taking what comes next', async () => {
    const { gate, owner } = postern.store;
    const reached = async () =>
      Number(
        (await owner.query<{ written: number }>('SELECT written FROM postern.audit_stream')).rows[0]?.written,
      );
    const before = await reached();
    for (let time = 0; time < 3; time += 1) await change();
    const take = async (atMost: number) => {
      const { rows } = await gate.query<{ number: number }>(
        'SELECT number FROM postern.take_audit_events($1)',
        [atMost],
      );
      return rows.map(({ number }) => Number(number));
    };
    expect(await take(2)).toEqual([before + 1, before + 2]);
    expect(await reached()).toBe(before + 2);
    await expect(take(-1)).rejects.toMatchObject({ code: '2201W' });
    expect(await take(0)).toEqual([]);
    expect(await take(1_000)).toEqual([before + 3]);
    expect(await take(1_000)).toEqual([]);
    expect(await reached()).toBe(before + 3);
  });
});
