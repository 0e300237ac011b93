/**
 * The routes of the API, one file per noun.
 */

import type { AddRoutes } from '../request.ts';
import { addAddressRuleRoutes } from './address-rules.ts';
import { addApiKeyChangeRoutes } from './api-key-changes.ts';
import { addApiKeyRoutes } from './api-keys.ts';
import { addCertificateRoutes } from './certificates.ts';
import { addGrantableRoutes } from './grantable.ts';

export const routes: readonly AddRoutes[] = [
  addAddressRuleRoutes,
  addCertificateRoutes,
  addApiKeyRoutes,
  addApiKeyChangeRoutes,
  addGrantableRoutes,
];
