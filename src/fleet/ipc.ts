/**
 * Two processes, one the other's child, that call each other's functions over the channel between them (by birpc).
 * `serialization: 'advanced'` is required: values keep their maps, dates and buffers.
 */

import { type BirpcReturn, createBirpc } from 'birpc';

/** What `ChildProcess` and, in a child, `process` have in common. */
export interface Channel {
  readonly connected?: boolean;
  send?(message: unknown, handle: undefined, options: object, done: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

export type Remote<Functions extends object> = BirpcReturn<Functions, object>;

const gone = (): Error => new Error('The other process has gone.');

/**
 * Calls reject with what the other side threw, as a plain Error, and all that are under way when the channel closes.
 * @param ours what the other side may call
 */
export const talk = <Theirs extends object>(channel: Channel, ours: object): Remote<Theirs> => {
  const rpc = createBirpc<Theirs, object>(ours, {
    bind: 'functions',
    // Some answers take as long as a drain.
    timeout: -1,
    // Not awaited: a call that still waits to be written has to hear of the channel's end as well.
    post: (message) => {
      if (!channel.connected || !channel.send) throw gone();
      channel.send(message, undefined, {}, (error) => {
        if (error) rpc.$close(gone());
      });
    },
    on: (listener) => void channel.on('message', listener),
    off: (listener) => void channel.off('message', listener),
    // An answer that nobody waits for any more.
    onGeneralError: (_error, _name, args) => args !== undefined,
  });
  channel.on('disconnect', () => rpc.$close(gone()));
  return rpc;
};
