/**
 * `/api/v1/audit`: who changed what. Owners see what happened to their own account and what belongs to it; operators
 * see all, and can have the chain of hashes verified.
 */

import { z } from 'zod';
import { listAudit, verifyAudit } from '../../store/audit.ts';
import { decodeCursor, encodeCursor } from '../pagination.ts';
import { type AddRoutes, identityOf } from '../request.ts';
import { id, ofAccount, page, paging, time } from '../schemas.ts';

const tags = ['Audit'];

const event = z
  .object({
    number: z.int(),
    id,
    at: time,
    actor: z.string(),
    action: z.string().describe('Noun and verb: certificate.revoke'),
    target: z.string(),
    before: z.unknown().describe('null: did not exist'),
    after: z.unknown().describe('null: does not exist any more'),
    hash: z.string().describe('Over this event and the hash of the one before; hex'),
  })
  .meta({ id: 'AuditEvent' });

/** The number of the last event of the page. */
const eventCursor = z.tuple([z.int().positive()]);

const verdict = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('intact'), events: z.int(), lastHash: z.string().nullable() }),
    z.object({ kind: z.literal('broken'), number: z.int().describe('The first event that does not fit') }),
  ])
  .meta({ id: 'AuditVerdict' });

export const addAuditRoutes: AddRoutes = (app, deps) => {
  const { store } = deps.control;

  app.get(
    '/audit',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        summary: 'List changes, newest first: of one account, or for operators who name none all',
        querystring: paging.extend(ofAccount.shape),
        response: { 200: page(event) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const identity = identityOf(request);
      const own = identity.role === 'account' ? identity.account : null;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, eventCursor)[0];
      const events = await listAudit(store, {
        limit: limit + 1,
        before,
        account: request.account ?? own ?? undefined,
      });
      const items = events.slice(0, limit).map((each) => ({ ...each, hash: each.hash.toString('hex') }));
      const last = items.at(-1);
      return { items, nextCursor: events.length > limit && last ? encodeCursor([last.number]) : null };
    },
  );

  app.get(
    '/audit/verification',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'Recompute the chain of hashes over all events',
        response: { 200: verdict },
      },
    },
    () => verifyAudit(store),
  );
};
