/** The register as the store mirrors it. */

import type { SessionRegistry } from '../gate/registry.ts';
import type { StoredSession } from '../store/sessions.ts';

export const storedSessions = function* (registry: SessionRegistry): Generator<StoredSession> {
  for (const { id, claims, facts } of registry.sessions()) {
    yield {
      id,
      accountId: claims.accountId,
      address: claims.shownAddress,
      certificateId: claims.certificateId,
      keyId: claims.keyId,
      applicationName: facts.applicationName ?? '',
      startedAt: new Date(facts.startedAtMs),
    };
  }
};
