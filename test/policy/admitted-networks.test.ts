/** Strangers are told apart as a look at every account would do it. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { admittedUntil, compileRanges, readRules } from '../../src/policy/addresses.ts';
import { AdmittedNetworks, networksOf } from '../../src/policy/admitted-networks.ts';
import { parseAddress, parseCidr } from '../../src/policy/cidr.ts';

const now = 1_000;

const v4 = fc.tuple(fc.ipV4(), fc.nat(32));
const v6 = fc.tuple(fc.ipV6(), fc.nat(128));
const rule = fc
  .tuple(fc.oneof(v4, v6), fc.constantFrom(null, now - 1, now, now + 1))
  .map(([[address, bits], expiresAt]) => ({ cidr: parseCidr(`${address}/${bits}`).cidr, expiresAt }));
const accounts = fc.array(fc.array(rule, { maxLength: 4 }), { maxLength: 6 });

it('agrees with a look at every account, whoever comes and goes', () => {
  fc.assert(
    fc.property(accounts, accounts, fc.array(fc.oneof(fc.ipV4(), fc.ipV6())), (staying, leaving, texts) => {
      const networks = new AdmittedNetworks();
      const [stay, leave] = [staying, leaving].map((each) => each.map((rules) => readRules(rules)));
      for (const ranges of [...(stay ?? []), ...(leave ?? [])]) networks.add(networksOf(ranges));
      for (const ranges of leave ?? []) networks.remove(networksOf(ranges));
      const named = staying.flat().map(({ cidr }) => cidr.replace(/\/.*/, ''));
      for (const text of [...texts, ...named]) {
        const address = parseAddress(text);
        if (!address) throw new Error(`${text} is no address`);
        const admitted = stay?.some((ranges) => admittedUntil(compileRanges(ranges), address) > now);
        expect(networks.include(address, now)).toBe(admitted);
      }
    }),
  );
});
