/** Runs a use case as the person at the command line. */

import { userInfo } from 'node:os';
import { type OpenedControl, withControl } from '../compose/control.ts';
import type { Config } from '../config/config.ts';

/** For the audit. A container may run as a user who has no name. */
const actor = (): string => {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    return 'cli';
  }
};

/** @throws RequestError when the store cannot be reached or is not migrated, and whatever `work` throws */
export const asOperator = <T>(config: Config, work: (control: OpenedControl) => Promise<T>): Promise<T> =>
  withControl(config, actor(), work);
