/** The demo's certificate authorities and the gate's certificate, made once for the names of this machine. */

import { rename, rm } from 'node:fs/promises';
import { createAuthorityFiles } from '../../authority/files.ts';
import { publicHost } from './configuration.ts';
import { exists, type Place } from './place.ts';

/** Made beside its place and moved there whole. */
export const keepAuthority = async (place: Place): Promise<void> => {
  if (await exists(place.authority)) return;
  const fresh = `${place.authority}.new`;
  await rm(fresh, { recursive: true, force: true });
  await createAuthorityFiles({ directory: fresh, names: [publicHost, '127.0.0.1', '::1'] });
  await rename(fresh, place.authority);
};
