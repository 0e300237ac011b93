/**
 * The routes of the API, one file per noun.
 */

import type { AddRoutes } from '../request.ts';
import { addAccountRoutes } from './accounts.ts';
import { addAddressRuleChangeRoutes } from './address-rule-changes.ts';
import { addAddressRuleRoutes } from './address-rules.ts';
import { addApiKeyChangeRoutes } from './api-key-changes.ts';
import { addApiKeyRoutes } from './api-keys.ts';
import { addAttemptStreamRoutes } from './attempt-stream.ts';
import { addAttemptRoutes } from './attempts.ts';
import { addAuditRoutes } from './audit.ts';
import { addCertificateRoutes } from './certificates.ts';
import { addConnectionRoutes } from './connection.ts';
import { addExplainRoutes } from './explain.ts';
import { addGrantableRoutes } from './grantable.ts';
import { addInstanceRoutes } from './instances.ts';
import { addMyAddressRoutes } from './my-address.ts';
import { addSessionRoutes } from './sessions.ts';

export const routes: readonly AddRoutes[] = [
  addAddressRuleRoutes,
  addAddressRuleChangeRoutes,
  addCertificateRoutes,
  addApiKeyRoutes,
  addApiKeyChangeRoutes,
  addGrantableRoutes,
  addAccountRoutes,
  addAttemptRoutes,
  addAttemptStreamRoutes,
  addAuditRoutes,
  addConnectionRoutes,
  addExplainRoutes,
  addInstanceRoutes,
  addMyAddressRoutes,
  addSessionRoutes,
];
