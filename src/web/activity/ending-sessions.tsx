/** Whom a change disconnects, named before it is made. As of when the question came up: sessions come and go. */

import type { Session } from '../model.ts';
import { Loading } from '../parts/listing.tsx';
import { ProblemNote } from '../parts/note.tsx';
import { useWholeList } from '../resource.ts';
import { countText } from '../text/counts.ts';

/** So many are named. */
const namedSessions = 5;

/** "QGIS from 203.0.113.7". */
export const nameOf = ({ applicationName, address }: Session): string =>
  `${applicationName || 'the session'} from ${address}`;

export function EndingSessions({ among }: { readonly among: (session: Session) => boolean }) {
  const { items, problem } = useWholeList<Session>('/sessions');
  if (items === undefined) {
    return problem === undefined ? <Loading what="live sessions" /> : <ProblemNote problem={problem} />;
  }
  const ending = items.filter(among);
  const unnamed = ending.length - namedSessions;
  return (
    <>
      <p>
        <strong>
          {ending.length === 0
            ? 'Nobody is connected with it now.'
            : `${countText(ending.length, 'live session')} end${ending.length === 1 ? 's' : ''} at once:`}
        </strong>
      </p>
      {ending.length > 0 && (
        <ul>
          {ending.slice(0, namedSessions).map((session) => (
            <li key={session.id}>{nameOf(session)}</li>
          ))}
          {unnamed > 0 && <li>and {unnamed} more</li>}
        </ul>
      )}
    </>
  );
}
