/**
 * A time limit that only PostgreSQL 17 and newer know, and which therefore cannot stand in the startup packet, where an
 * unknown name ends the login. Set first of all on each connection: it is armed when a transaction begins, in
 * milliseconds, and a SET takes microseconds.
 */

import type { ClientBase } from 'pg';
import { sqlstateOf } from './errors.ts';

const unknownSetting = '42704';

export const pinNewerSettings = async (client: ClientBase): Promise<void> => {
  try {
    await client.query('SET transaction_timeout = 0');
  } catch (error) {
    if (sqlstateOf(error) !== unknownSetting) throw error;
  }
};
