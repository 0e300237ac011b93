/**
 * The rotation of a CA, killed before each single change of a file: what is on disk then works, and the same command goes
 * on from there. A killed process does nothing more, so every later change fails as well.
 */

import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { createAuthorityFiles, loadAuthority } from '../../src/authority/files.ts';
import { certificatesIn, loadCertificates } from '../../src/authority/key-pair.ts';
import {
  clientAuthorityFiles,
  type RotatingFiles,
  readRotationState,
  serverAuthorityFiles,
} from '../../src/authority/rotation-state.ts';
import { planRotation, type RotationStage, rotationStages } from '../../src/authority/rotation-steps.ts';
import { loadServerCertificate } from '../../src/authority/server-certificate.ts';
import type { AuthorityConfig, GateConfig } from '../../src/config/config.ts';

const life = vi.hoisted(() => ({ changesLeft: Number.POSITIVE_INFINITY }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const change = () => {
    life.changesLeft -= 1;
    if (life.changesLeft < 0) throw new Error('killed');
  };
  const mortal =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      change();
      return work(...args);
    };
  return {
    ...real,
    rename: mortal(real.rename),
    link: mortal(real.link),
    rm: mortal(real.rm),
    open: async (...args: Parameters<typeof real.open>) => {
      if (args[1] !== 'r') change();
      const handle = await real.open(...args);
      handle.chmod = mortal(handle.chmod.bind(handle));
      handle.sync = mortal(handle.sync.bind(handle));
      const write = handle.writeFile.bind(handle);
      handle.writeFile = async (content, ...rest) => {
        // Half of it may have got there.
        if (life.changesLeft === 0) await write(String(content).slice(0, 100), ...rest);
        change();
        return write(content, ...rest);
      };
      return handle;
    },
  };
});

let directory: string;
const file = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postern-rotation-'));
  await createAuthorityFiles({ directory, names: ['localhost', '192.0.2.1'] });
  // A gate with a file of its own, as on another path or by another way of distribution.
  await writeFile(file('gate_client_ca.pem'), await readFile(file('client_ca.pem')), { mode: 0o640 });
});

afterEach(async () => {
  life.changesLeft = Number.POSITIVE_INFINITY;
  await rm(directory, { recursive: true, force: true });
});

const authorityConfig = (): AuthorityConfig => ({
  certificateFile: file('client_ca.pem'),
  keyFile: file('client_ca.key'),
  serverCaFile: file('server_ca.pem'),
  defaultDays: 1,
  maximumDays: 1,
});
const gateConfig = () =>
  ({
    certificateFile: file('server.crt'),
    keyFile: file('server.key'),
    clientCaFile: file('gate_client_ca.pem'),
  }) as GateConfig;

const filesOf = {
  server: () => serverAuthorityFiles(authorityConfig(), gateConfig(), null),
  client: () => clientAuthorityFiles(authorityConfig(), gateConfig()),
};

const run = async (files: RotatingFiles, stage: RotationStage): Promise<number> => {
  const steps = planRotation(await readRotationState(files), stage);
  for (const step of steps) await step.run();
  return steps.length;
};

const names = async (name: string) => (await loadCertificates(file(name))).map(({ subject }) => subject);
const isSignedByOneOf = async (certificate: X509Certificate, name: string): Promise<boolean> =>
  (await loadCertificates(file(name))).some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );

/** A Postern that starts now serves, and whoever was served before is served. */
const works = {
  server: async (): Promise<void> => {
    const server = await loadServerCertificate({
      certificateFile: file('server.crt'),
      keyFile: file('server.key'),
    });
    expect(server.names).toEqual(['localhost', '192.0.2.1']);
    expect(await isSignedByOneOf(new X509Certificate(server.leafDer), 'server_ca.pem')).toBe(true);
  },
  client: async (): Promise<void> => {
    const { certificatePem } = await loadAuthority(authorityConfig());
    const trusted = (await loadCertificates(file('gate_client_ca.pem'))).map(String);
    expect(trusted).toContain(new X509Certificate(certificatePem).toString());
  },
};

/** Kills `stage` before its first change, its second, and so on until it gets through; `check` sees what each leaves. */
const killEverywhere = async (files: RotatingFiles, stage: RotationStage, check: () => Promise<void>) => {
  const untouched = new Map<string, string>();
  for (const name of await readdir(directory)) untouched.set(name, await readFile(file(name), 'latin1'));
  const setBack = async () => {
    for (const name of await readdir(directory)) if (!untouched.has(name)) await rm(file(name));
    for (const [name, content] of untouched) {
      await writeFile(file(name), content, { encoding: 'latin1', mode: 0o600 });
    }
  };
  for (let changes = 0; ; changes += 1) {
    await setBack();
    life.changesLeft = changes;
    const killed = await run(files, stage).then(
      () => false,
      () => true,
    );
    life.changesLeft = Number.POSITIVE_INFINITY;
    await check();
    await run(files, stage);
    await check();
    expect(await run(files, stage)).toBe(0);
    if (!killed) return changes;
  }
};

/** As `killEverywhere`, for what is never done: each time there is another one. */
const killEverywhereOnce = async (files: RotatingFiles): Promise<number> => {
  for (let changes = 0; ; changes += 1) {
    life.changesLeft = changes;
    const killed = await run(files, 'renew').then(
      () => false,
      () => true,
    );
    life.changesLeft = Number.POSITIVE_INFINITY;
    await works.server();
    if (!killed) return changes;
  }
};

describe.each(['server', 'client'] as const)('the rotation of the %s CA', (kind) => {
  const trustFiles = kind === 'server' ? ['server_ca.pem'] : ['client_ca.pem', 'gate_client_ca.pem'];

  test('comes to its end whenever it is killed, and works all the time', async () => {
    const files = filesOf[kind]();
    const [old = ''] = await names(`${kind}_ca.pem`);
    const changes: number[] = [];
    for (const stage of rotationStages) changes.push(await killEverywhere(files, stage, works[kind]));
    // Every stage was really killed in its middle.
    for (const points of changes) expect(points).toBeGreaterThan(2);
    for (const name of trustFiles) {
      const [next, ...others] = await names(name);
      expect(next).toMatch(new RegExp(`^CN=Postern ${kind} CA [0-9a-f]{8}$`));
      expect(next).not.toBe(old);
      expect(others).toEqual([]);
    }
    const left = (await readdir(directory)).filter((name) => /\.(next|old|part)$/.test(name));
    expect(left).toEqual([]);
    expect(await readRotationState(files)).toMatchObject({ stage: 'steady', next: null, retiring: [] });
  });

  test('keeps keys from all but their owner, whenever it is killed', async () => {
    const seen = new Set<string>();
    const expectPrivate = async () => {
      for (const name of await readdir(directory)) {
        if (!(await readFile(file(name), 'latin1')).includes('PRIVATE KEY')) continue;
        seen.add(name);
        expect([name, (await stat(file(name))).mode & 0o7777]).toEqual([name, 0o600]);
      }
    };
    for (const stage of rotationStages) await killEverywhere(filesOf[kind](), stage, expectPrivate);
    for (const suffix of ['', '.next', '.old', '.next.part'])
      expect(seen).toContain(`${kind}_ca.key${suffix}`);
  });

  test('gives the next key the mode that the operator gave the present one', async () => {
    const key = `${kind}_ca.key`;
    await chmod(file(key), 0o640);
    for (const stage of ['begin', 'switch'] as const) await run(filesOf[kind](), stage);
    for (const name of [key, `${key}.old`]) expect((await stat(file(name))).mode & 0o777).toBe(0o640);
  });

  test('keeps modes, and follows links', async () => {
    const target = file('elsewhere.pem');
    const [trustFile = ''] = trustFiles;
    await writeFile(target, await readFile(file(trustFile)), { mode: 0o640 });
    await rm(file(trustFile));
    await symlink(target, file(trustFile));
    for (const stage of rotationStages) await run(filesOf[kind](), stage);
    expect(certificatesIn(await readFile(target, 'utf8'))).toHaveLength(1);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(target)).toBe(0o640);
    expect(await modeOf(file(`${kind}_ca.key`))).toBe(0o600);
    expect(await modeOf(file('gate_client_ca.pem'))).toBe(0o640);
    expect(await modeOf(file('server.crt'))).toBe(0o644);
  });

  test('leaves CAs of others in the file alone', async () => {
    const foreign = await createAuthority({ commonName: 'Municipal CA', validDays: 10 });
    for (const name of trustFiles) {
      await writeFile(file(name), `${await readFile(file(name), 'utf8')}${foreign.certificatePem}`);
    }
    for (const stage of rotationStages) await run(filesOf[kind](), stage);
    for (const name of trustFiles) {
      expect((await names(name)).toSorted()).toEqual([
        'CN=Municipal CA',
        expect.stringContaining(`CN=Postern ${kind} CA`),
      ]);
    }
  });

  test.each([
    ['switch', [], /No next .* CA is trusted yet: run `postern rotate .*-ca begin` first/],
    ['finish', ['begin'], /does not sign yet: run `postern rotate .*-ca switch` first/],
    ['begin', ['begin', 'switch'], /is not finished: run `postern rotate .*-ca finish` first/],
  ] as const)('refuses %s after %j', async (stage, before, sentence) => {
    const files = filesOf[kind]();
    for (const earlier of before) await run(files, earlier);
    const seen = await Promise.all((await readdir(directory)).map((name) => readFile(file(name), 'utf8')));
    await expect(run(files, stage)).rejects.toThrow(sentence);
    const now = await Promise.all((await readdir(directory)).map((name) => readFile(file(name), 'utf8')));
    expect(now).toEqual(seen);
  });

  test('knows a rotation that was begun on another host, and leaves it to that', async () => {
    const files = filesOf[kind]();
    await run(files, 'begin');
    await rm(files.nextKeyFile);
    expect(await readRotationState(files)).toMatchObject({ stage: 'begun' });
    await expect(run(files, 'switch')).rejects.toThrow('go on where the rotation was begun');
    await expect(run(files, 'finish')).rejects.toThrow('does not sign yet');
    expect(await run(files, 'begin')).toBe(0);
  });
});

describe('what is not of our making', () => {
  test('a public server certificate is refused, with the name of who issued it', async () => {
    const authority = await createAuthority({ commonName: 'Public Root R1', validDays: 10 });
    const server = await createServerCertificate({ authority, names: ['localhost'], validDays: 5 });
    await writeFile(file('server.crt'), server.certificatePem);
    await writeFile(file('server.key'), server.privateKeyPem);
    const refusal = /^The server certificate in .* comes from "Public Root R1" and not from a server CA of P/;
    await expect(readRotationState(filesOf.server())).rejects.toThrow(refusal);
    await writeFile(file('server_ca.pem'), authority.certificatePem);
    await expect(readRotationState(filesOf.server())).rejects.toThrow(refusal);
  });

  test("an operator's own client CA is refused", async () => {
    const authority = await createAuthority({ commonName: 'Municipal CA', validDays: 10 });
    await writeFile(file('client_ca.pem'), authority.certificatePem);
    await writeFile(file('client_ca.key'), authority.privateKeyPem);
    await expect(readRotationState(filesOf.client())).rejects.toThrow(
      'The client CA "Municipal CA" was not made by Postern',
    );
  });
});

test('a server certificate is renewed by the same CA, for the same names and key', async () => {
  const files = filesOf.server();
  const before = await readFile(file('server.crt'), 'utf8');
  expect(await killEverywhereOnce(files)).toBeGreaterThan(3);
  const server = await loadServerCertificate(files.signed);
  expect(server.certificatePem).not.toBe(before);
  expect((await readRotationState(files)).stage).toBe('steady');

  await rm(file('server_ca.key'));
  await expect(run(files, 'renew')).rejects.toThrow('say with --ca-key where it is kept');
});

test('the key of a server CA may be kept elsewhere all the time', async () => {
  const apart = join(directory, 'apart.key');
  const files = serverAuthorityFiles(authorityConfig(), gateConfig(), apart);
  await rm(file('server_ca.key'));
  for (const stage of rotationStages) await run(files, stage);
  const [authority] = await loadCertificates(file('server_ca.pem'));
  expect(await loadAuthority({ certificateFile: file('server_ca.pem'), keyFile: apart })).toMatchObject({
    certificatePem: String(authority),
  });
  expect((await readdir(directory)).filter((name) => name.startsWith(basename(apart)))).toEqual([
    'apart.key',
  ]);
  expect((await stat(apart)).mode & 0o777).toBe(0o600);
});
