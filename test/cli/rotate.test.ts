/** `postern rotate …` by real processes, some of which are killed in the middle. */

import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withControl } from '../../src/compose/control.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createAccount } from '../../src/control/accounts.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { createSealer } from '../../src/control/seal.ts';
import { connectAsCustomer } from '../provision/backend-fixture.ts';
import { loadAccounts } from '../support/policy.ts';
import { pollUntil } from '../support/poll.ts';
import { createDatabase, runAsSuperuser, type TestDatabase, uniqueName } from '../support/postgres.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { type CliFixture, createCliFixture, startCli } from './run.ts';

const account = uniqueName('rot').replaceAll('_', '-');
const owner = `${account}-owner`;
const keys = ['one', 'two', 'three', 'four', 'five', 'six'];
let store: TestStore;
let backend: TestDatabase;
let cli: CliFixture;

const config = () => loadConfig(join(cli.directory, 'postern.yaml'));
const pki = (name: string) => join(cli.directory, 'pki', name);

beforeAll(async () => {
  [store, backend] = await Promise.all([createStore(), createDatabase()]);
  await runAsSuperuser(
    backend.url,
    `CREATE ROLE "${owner}" NOLOGIN`,
    `ALTER DATABASE ${backend.name} OWNER TO "${owner}"`,
  );
  cli = await createCliFixture({ storeUrl: store.url, backendUrl: backend.url });
  await withControl(config(), 'test', async (context) => {
    const place = { backend: 'main', database: backend.name, ownerRole: owner };
    await createAccount(context, { name: account, ...place });
    for (const name of keys) {
      await createKey(context, account, { name, kind: 'regular', grants: [], expiresAt: null });
    }
  });
});

afterAll(async () => {
  await cli?.remove();
  await store?.drop();
  await backend?.drop();
  const maintenance = backend.url.replace(backend.name, 'postgres');
  const roles = await runAsSuperuser(
    maintenance,
    `SELECT rolname FROM pg_roles WHERE rolname LIKE '%${account}%'`,
  );
  await runAsSuperuser(maintenance, `DROP ROLE ${roles.map(({ rolname }) => `"${rolname}"`).join(', ')}`);
});

const policyKeys = async () => (await loadAccounts(store.console))[0]?.keys ?? [];

/** Of the passwords that a gate knows for each key, how many its backend takes: one, whatever has happened. */
const acceptedPasswords = async (): Promise<number[]> => {
  const sealer = createSealer(config().sealingKeys);
  const accepts = async (roleName: string, password: string): Promise<boolean> => {
    const url = new URL(backend.url);
    url.username = encodeURIComponent(roleName);
    url.password = encodeURIComponent(password);
    const client = await connectAsCustomer(url.href).catch(() => null);
    await client?.end();
    return client !== null;
  };
  const counts: number[] = [];
  for (const { id, roleName, sealedRolePassword, nextSealedRolePassword } of await policyKeys()) {
    const known = [sealedRolePassword, nextSealedRolePassword].filter((sealed) => sealed !== null);
    const verdicts = await Promise.all(known.map((sealed) => accepts(roleName, sealer.open(sealed, id))));
    counts.push(verdicts.filter(Boolean).length);
  }
  return counts;
};

/** SIGKILL as soon as `reached` holds, or never if the process is faster. */
const killWhen = async (args: readonly string[], reached: () => Promise<boolean>): Promise<void> => {
  const { child, ended } = startCli(cli.directory, args);
  let over = false;
  const end = ended.finally(() => {
    over = true;
  });
  await pollUntil(async () => over || (await reached()), { timeoutMs: 30_000, intervalMs: 1 });
  child.kill('SIGKILL');
  const { code, err } = await end;
  expect({ code: code ?? 0, err: code === null ? '' : err }).toMatchObject({ code: 0 });
};

interface Rotated {
  readonly steps: readonly string[];
  readonly authorities: readonly { readonly name: string; readonly use: string }[];
}

describe('a CA', () => {
  const contents = async () =>
    Object.fromEntries(
      await Promise.all(
        (await readdir(pki(''))).map(async (name) => [name, await readFile(pki(name), 'utf8')] as const),
      ),
    );

  test('is not touched by a dry run, which tells every step', async () => {
    const before = await contents();
    const { code, out, err } = await cli.run('rotate', 'client-ca', 'begin', '--dry-run');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^CA +USE +VALID UNTIL\nPostern client CA [0-9a-f]{8} +signs +20/);
    expect(out).toContain(`Would:\n  make the key of the next client CA: ${pki('client_ca.key.next')}\n`);
    expect(out).toMatch(/Nothing was changed\.\n$/);
    expect(await contents()).toEqual(before);
  });

  test.each(['server-ca', 'client-ca'])(
    '%s is replaced by commands that are killed on the way',
    async (ca) => {
      const [file] = [`${ca.replace('-', '_')}.pem`];
      const old = await readFile(pki(file), 'utf8');
      for (const stage of ['begin', 'switch', 'finish']) {
        const before = JSON.stringify(await contents());
        const hasChanged = async () => JSON.stringify(await contents().catch(() => null)) !== before;
        await killWhen(['rotate', ca, stage], hasChanged);
        expect((await cli.run('config', 'check')).code).toBe(0);
        await cli.json<Rotated>('rotate', ca, stage);
        const again = await cli.json<Rotated>('rotate', ca, stage);
        expect(again.steps).toEqual([]);
        const uses = { begin: ['signs', 'next'], switch: ['signs', 'retiring'], finish: ['signs'] }[stage];
        expect(again.authorities.map(({ use }) => use)).toEqual(uses);
        const findings = await cli.json<{ check: string; outcome: string }[]>('doctor');
        expect(
          findings.filter(({ check }) => check === `rotation of the ${ca.replace('-ca', '')} CA`),
        ).toEqual(stage === 'finish' ? [] : [expect.objectContaining({ outcome: 'warning' })]);
      }
      const { [file]: now = '', ...others } = await contents();
      expect(now.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
      expect(now).not.toBe(old);
      expect(Object.keys(others).filter((name) => !/\.(pem|key|crt)$/.test(name))).toEqual([]);
    },
    120_000,
  );

  test('tells a person what to copy, and what comes next', async () => {
    const { code, out, err } = await cli.run('rotate', 'server-ca', 'begin');
    expect({ code, err }).toEqual({ code: 0, err: 'steps: 1 of 2\nsteps: 2 of 2\n' });
    expect(out).toContain('Done:\n');
    expect(out).toContain('run `postern rotate server-ca switch`');
    const refused = await cli.run('rotate', 'server-ca', 'finish');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/^postern: The next server CA does not sign yet/);
  });

  test('of nobody needs a stage that there is', async () => {
    const { code, err } = await cli.run('rotate', 'server-ca', 'onwards');
    expect({ code }).toEqual({ code: 2 });
    expect(err).toContain('Allowed choices are begin, switch, finish');
  });
});

describe('role passwords', () => {
  const sealed = async () => (await policyKeys()).map(({ sealedRolePassword }) => sealedRolePassword);

  test('are told by a dry run, and stay', async () => {
    const before = await sealed();
    const { keys: planned } = await cli.json<{ keys: { key: string }[] }>(
      ...['rotate', 'role-passwords', '--older-than', '1ms', '--dry-run'],
    );
    expect(planned.map(({ key }) => key)).toEqual(keys);
    expect(await sealed()).toEqual(before);
  });

  test('are replaced by runs that are killed again and again; all that a gate knows works meanwhile', async () => {
    const before = await sealed();
    const replaced = async () => (await sealed()).filter((each) => !before.includes(each)).length;
    for (let killed = 0; killed < 4; killed += 1) {
      const aim = await replaced();
      await killWhen(
        ['rotate', 'role-passwords', '--older-than', killed === 0 ? '1ms' : '1h'],
        async () => (await replaced()) > aim,
      );
      expect(await acceptedPasswords()).toEqual(keys.map(() => 1));
    }
    const last = await cli.json<{ keys: { problem: string | null }[] }>('rotate', 'role-passwords');
    expect(last.keys.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(await replaced()).toBe(keys.length);
    expect((await policyKeys()).map(({ nextSealedRolePassword }) => nextSealedRolePassword)).toEqual(
      keys.map(() => null),
    );
    expect(await acceptedPasswords()).toEqual(keys.map(() => 1));
    expect((await cli.run('rotate', 'role-passwords', '--dry-run')).out).toBe(
      'Role passwords that would be replaced: 0. Nothing was changed.\n',
    );
  }, 90_000);

  test('that a backend does not take are listed, with exit code 1', async () => {
    const [{ roleName = '' } = {}] = await policyKeys();
    await runAsSuperuser(backend.url, `ALTER ROLE "${roleName}" RENAME TO "${roleName}x"`);
    const { code, out, err } = await cli.run('rotate', 'role-passwords', '--older-than', '1ms');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^ACCOUNT +KEY +BACKEND +PROBLEM\n.* one +main +The role .* is gone from the backend/,
    );
    expect(out).toContain('Role passwords replaced: 5.\n');
    expect(err).toContain('role passwords: 6 of 6\n');
    expect(err).toMatch(
      /postern: Role passwords that could not be replaced and are as they were: 1\. The first: The role/,
    );
    await runAsSuperuser(backend.url, `ALTER ROLE "${roleName}x" RENAME TO "${roleName}"`);
    expect((await cli.run('rotate', 'role-passwords')).code).toBe(0);
    expect(await acceptedPasswords()).toEqual(keys.map(() => 1));
  });
});

describe('the sealing key', () => {
  interface Sealing {
    readonly resealed: number;
    readonly sealingKeys: readonly { readonly id: string; readonly use: string; readonly sealed: number }[];
    readonly removable: readonly string[];
  }
  const rotate = (...more: string[]) => cli.json<Sealing>('rotate', 'sealing-key', ...more);

  test('alone has nothing to be done about it', async () => {
    expect(await rotate()).toMatchObject({ resealed: 0, removable: [] });
  });

  test('is replaced by runs that are killed, and then told to be of no more use', async () => {
    await writeFile(join(cli.directory, 'next.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    const file = join(cli.directory, 'postern.yaml');
    const text = await readFile(file, 'utf8');
    const [oldKey, nextKey] = ['sealing', 'next'].map((name) => `key: "\${file:${name}.key}" }`);
    await writeFile(file, text.replace('{ id: k1,', `{ id: k2, ${nextKey}, { id: k1,`));
    const sealedWithNext = async () =>
      (await policyKeys()).filter(({ sealedRolePassword }) => sealedRolePassword.startsWith('v1.k2.')).length;

    expect(await rotate('--dry-run')).toMatchObject({
      resealed: 0,
      sealingKeys: [
        { id: 'k2', use: 'seals', sealed: 0 },
        { id: 'k1', use: 'opens', sealed: 6 },
      ],
    });
    expect(await sealedWithNext()).toBe(0);
    await killWhen(['rotate', 'sealing-key'], async () => (await sealedWithNext()) > 1);
    expect(await acceptedPasswords()).toEqual(keys.map(() => 1));
    await rotate();
    expect(await rotate()).toMatchObject({
      sealingKeys: [
        { id: 'k2', sealed: 6 },
        { id: 'k1', sealed: 0 },
      ],
      removable: ['k1'],
    });
    await writeFile(file, text.replace(`id: k1, ${oldKey}`, `id: k2, ${nextKey}`));
    expect(await acceptedPasswords()).toEqual(keys.map(() => 1));
  });
});
