/** Where a server is, and how people write it: in logs, metrics and sentences. */

export interface Place {
  /** A name, an IPv4 or IPv6 address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** `db1.internal:5432`, `[2001:db8::1]:5432` */
export const placeText = ({ host, port }: Place): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
