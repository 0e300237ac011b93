/** A store that is away for a while: what is asked of it meanwhile fails as when nothing listens there. */

import type { ConsoleDependencies } from '../../src/console/dependencies.ts';
import type { ControlFixture } from '../control/control-fixture.ts';

export interface FailingStore {
  begin(): void;
  end(): void;
  /** For `withConsole`. */
  readonly override: (control: ControlFixture) => Partial<ConsoleDependencies>;
}

export const failingStore = (): FailingStore => {
  let isAway = false;
  return {
    begin: () => {
      isAway = true;
    },
    end: () => {
      isAway = false;
    },
    override: ({ context: { actor: _, ...context }, sealer }) => {
      const store = new Proxy(context.store, {
        get: (target, name) => {
          if (isAway) {
            return () => Promise.reject(Object.assign(new Error('no answer'), { code: 'ECONNREFUSED' }));
          }
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
      return { control: { ...context, store, sealer } };
    },
  };
};
