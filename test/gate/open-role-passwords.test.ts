import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { withRolePassword } from '../../src/gate/open/role-passwords.ts';
import type { ApiKey } from '../../src/policy/account.ts';

const key = (sealedRolePassword: string, nextSealedRolePassword: string | null = null) =>
  ({ sealedRolePassword, nextSealedRolePassword }) as ApiKey;

/** A backend that takes one password, and what it was asked. */
const backendWith = (password: string | null) => {
  const asked: string[] = [];
  const logIn = async (sealed: string): Promise<string> => {
    asked.push(sealed);
    if (sealed !== password) throw new Refusal('backend-rejected-role', {}, { cause: `28P01 ${sealed}` });
    return sealed;
  };
  return { asked, logIn };
};

describe('the password of a role', () => {
  it.each([
    ['that the backend has is the only one tried', key('a', 'b'), key('a', 'b'), 'a', ['a']],
    ['that was announced is tried second', key('a', 'b'), key('a', 'b'), 'b', ['a', 'b']],
    [
      'that was announced after the client had proved its key is found',
      key('a'),
      key('a', 'b'),
      'b',
      ['a', 'b'],
    ],
    ['that was adopted meanwhile is found', key('a'), key('b'), 'b', ['a', 'b']],
    ['that only the client was admitted with is not forgotten', key('a', 'b'), undefined, 'b', ['a', 'b']],
  ])('%s', async (_name, then, now, accepted, asked) => {
    const backend = backendWith(accepted);
    expect(await withRolePassword(then, () => now, backend.logIn)).toBe(accepted);
    expect(backend.asked).toEqual(asked);
  });

  it('is tried once each, and the last refusal is the one that counts', async () => {
    const backend = backendWith(null);
    const login = withRolePassword(key('a', 'b'), () => key('b', 'c'), backend.logIn);
    await expect(login).rejects.toMatchObject({ code: 'backend-rejected-role', cause: '28P01 c' });
    expect(backend.asked).toEqual(['a', 'b', 'c']);
  });

  it('does not matter to a backend that cannot be reached', async () => {
    let tries = 0;
    const login = withRolePassword(
      key('a', 'b'),
      () => key('a', 'b'),
      async () => {
        tries += 1;
        throw new Refusal('backend-unreachable');
      },
    );
    await expect(login).rejects.toMatchObject({ code: 'backend-unreachable' });
    expect(tries).toBe(1);
  });
});
