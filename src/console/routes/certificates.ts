/**
 * `/api/v1/certificates`: the client certificates of an account. A new one is answered once, with its private key;
 * everything that can be checked is checked before a key is made.
 */

import { z } from 'zod';
import {
  checkSigningRequest,
  createCertificate,
  listCertificates,
  revokeCertificate,
} from '../../control/certificates.ts';
import { RequestError } from '../../errors.ts';
import { existingCertificate, fileOf, sessionsOf, shownCertificate } from '../certificate-answers.ts';
import { certificate, createdCertificate, liveSessions, newCertificate } from '../certificate-schemas.ts';
import { attachment } from '../content-disposition.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { pageOf } from '../pagination.ts';
import { invalid } from '../problem.ts';
import { type AddRoutes, accountOf, contextOf } from '../request.ts';
import { byId, idempotencyKey, ofAccount, page, paging, revocation } from '../schemas.ts';
import { perAccount } from '../throttle.ts';

const tags = ['Certificates'];

const checkRequest = async (
  { days, csr }: z.output<typeof newCertificate>,
  { clientAuthority }: ConsoleDependencies['control'],
): Promise<void> => {
  const problems: { path: string; message: string }[] = [];
  if (days !== undefined && clientAuthority !== null && days > clientAuthority.maximumDays) {
    problems.push({ path: 'body.days', message: `Use at most ${clientAuthority.maximumDays}.` });
  }
  if (csr !== undefined) {
    await checkSigningRequest(csr).catch((error: unknown) => {
      if (!(error instanceof RequestError)) throw error;
      problems.push({ path: 'body.csr', message: error.message });
    });
  }
  if (problems.length > 0) throw invalid(problems);
};

export const addCertificateRoutes: AddRoutes = (app, deps) => {
  const { control } = deps;
  const { now } = control;

  app.get(
    '/certificates',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'List all certificates, expired and revoked ones too',
        querystring: ofAccount.extend(paging.shape),
        response: { 200: page(certificate) },
      },
    },
    async (request) => {
      const stored = await listCertificates(control, accountOf(request).name);
      return pageOf(
        stored.map((each) => shownCertificate(each, now())),
        request.query,
      );
    },
  );

  app.get(
    '/certificates/:id',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'One certificate, with how many sessions use it',
        params: byId,
        querystring: ofAccount,
        response: { 200: certificate.extend({ liveSessions }) },
      },
    },
    async (request) => {
      const { name } = accountOf(request);
      const { id: wanted } = request.params;
      return {
        ...shownCertificate(await existingCertificate(control, name, wanted), now()),
        liveSessions: await sessionsOf(control, name, wanted),
      };
    },
  );

  app.post(
    '/certificates',
    {
      config: { access: 'account', creates: true, rateLimit: perAccount(30) },
      schema: {
        tags,
        summary: 'Issue a certificate; its bundle, with the private key, is answered once',
        description: 'Answers the ZIP itself to `Accept: application/zip`.',
        querystring: ofAccount,
        headers: idempotencyKey,
        body: newCertificate,
        response: {
          201: {
            description: 'The certificate and everything that its clients need',
            content: {
              'application/json': { schema: createdCertificate },
              'application/zip': { schema: z.custom<Buffer>() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      await checkRequest(request.body, control);
      const { name, days = null, csr = null } = request.body;
      const account = accountOf(request).name;
      const issued = await createCertificate(contextOf(request, deps), account, { name, days, csr });
      reply.code(201);
      if (request.headers.accept?.includes('application/zip') === true) {
        reply.type('application/zip');
        reply.header('content-disposition', attachment(issued.fileName, `${account}-${name}.zip`));
        return reply.send(issued.bundle);
      }
      return reply.type('application/json').send({
        certificate: shownCertificate(issued.certificate, now()),
        fileName: issued.fileName,
        files: issued.files.map(fileOf),
        zip: issued.bundle.toString('base64'),
      });
    },
  );

  app.post(
    '/certificates/:id/revoke',
    {
      config: { access: 'account' },
      schema: {
        tags,
        summary: 'Refuse a certificate from now on; ends its sessions',
        params: byId,
        querystring: ofAccount,
        body: revocation,
        response: {
          200: z.object({ certificate, liveSessions: liveSessions.describe('How many sessions this ends') }),
        },
      },
    },
    async (request) => {
      const account = accountOf(request).name;
      const { id: wanted } = request.params;
      const { name } = await existingCertificate(control, account, wanted);
      const ending = await sessionsOf(control, account, wanted);
      const revoked = await revokeCertificate(contextOf(request, deps), account, name, request.body.reason);
      return { certificate: shownCertificate(revoked, now()), liveSessions: ending };
    },
  );
};
