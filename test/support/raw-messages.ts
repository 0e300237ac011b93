/** The bytes that raw clients and stub backends exchange: packets and messages, also ones that nobody should send. */

import { buildStartup } from '../../src/wire/frontend-messages.ts';

export interface RawMessage {
  /** One letter. */
  readonly type: string;
  readonly body: Buffer;
}

export interface ErrorFields {
  readonly severity: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
}

/** An untyped packet: length word, code, body. */
export const packet = (code: number, body: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, body]);
};

export const gssRequest = packet(80877104);

/** A typed message. */
export const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

/** StartupMessage of protocol 3.`minor`. */
export const startup = (parameters: Readonly<Record<string, string>>, minor = 0): Buffer =>
  buildStartup(
    minor,
    Object.entries(parameters).map(([name, value]) => ({ name, value: Buffer.from(value) })),
  );

/** The fields of an ErrorResponse's body; '' where one is missing. */
export const parseError = (body: Buffer): ErrorFields => {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  const field = (code: string): string => fields.get(code) ?? '';
  return {
    severity: field('S'),
    sqlstate: field('C'),
    message: field('M'),
    detail: field('D'),
    hint: field('H'),
  };
};
