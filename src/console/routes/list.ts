/**
 * The routes of the API, one file per noun.
 */

import type { AddRoutes } from '../request.ts';
import { addAddressRuleRoutes } from './address-rules.ts';

export const routes: readonly AddRoutes[] = [addAddressRuleRoutes];
