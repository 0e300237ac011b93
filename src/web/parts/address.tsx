/** An address or network as people know it. IPv6 may break between its groups. */

import { Fragment } from 'react';
import { shortCidr } from '../text/addresses.ts';

export const Address = ({ of }: { readonly of: string }) => (
  <code>
    {shortCidr(of)
      .split(/(?<=:)/)
      .map((group, index, { length }) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the groups of an address keep their places.
        <Fragment key={index}>
          {group}
          {index < length - 1 && <wbr />}
        </Fragment>
      ))}
  </code>
);
