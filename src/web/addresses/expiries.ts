/** For how long an address is usually allowed. */

import type { LastingOption } from '../parts/expiry.tsx';

export const addressExpiries: readonly LastingOption[] = [
  { value: '8h', label: 'for 8 hours' },
  { value: '1d', label: 'for 1 day' },
  { value: '30d', label: 'for 30 days' },
];
