/**
 * The part of the Reflect metadata API that `@peculiar/x509` needs to be loaded at all: its container (tsyringe)
 * refuses to start without `Reflect.getMetadata`. A side effect on purpose, and the only one in this folder:
 * every file that imports `@peculiar/x509` imports this one first. Leaves a real polyfill alone when there is one.
 *
 * Keys are compared by identity and metadata is inherited along the prototype chain, as in the proposal
 * (https://rbuckton.github.io/reflect-metadata/); metadata of single properties is not needed and not kept.
 */

const metadata = new WeakMap<object, Map<unknown, unknown>>();

const polyfill = {
  defineMetadata(key: unknown, value: unknown, target: object): void {
    const own = metadata.get(target) ?? new Map<unknown, unknown>();
    own.set(key, value);
    metadata.set(target, own);
  },
  getOwnMetadata(key: unknown, target: object): unknown {
    return metadata.get(target)?.get(key);
  },
  getMetadata(key: unknown, target: object): unknown {
    for (let object: object | null = target; object !== null; object = Reflect.getPrototypeOf(object)) {
      const own = metadata.get(object);
      if (own?.has(key)) return own.get(key);
    }
    return undefined;
  },
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, polyfill);
