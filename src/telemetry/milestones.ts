/** What is measured of a connection as it goes on, and not only when it has ended, which may be a day later. */

import type { ConnectionFacts } from '../gate/facts.ts';
import type { Metrics } from './metrics.ts';

export const createMilestones = (metrics: Metrics) => ({
  accepted: (): void => metrics.accepted.inc(),
  secured: ({ tlsHandshakeMs = 0 }: ConnectionFacts): void =>
    metrics.tlsHandshakeSeconds.observe(tlsHandshakeMs / 1000),
  opened: ({ loginTime, backend = '' }: ConnectionFacts): void => {
    metrics.backendLogins.inc({ backend, outcome: 'opened' });
    for (const part of ['client', 'postern', 'backend'] as const) {
      metrics.loginSeconds.observe({ part }, (loginTime.parts?.[part] ?? 0) / 1000);
    }
  },
});
