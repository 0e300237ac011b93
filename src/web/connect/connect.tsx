/** Connect: exact steps for the person's program, with this account's values in them. */

import { useState } from 'react';
import type { Connection } from '../model.ts';
import { CopyButton } from '../parts/copy.tsx';
import { download } from '../parts/download.ts';
import { Loading } from '../parts/listing.tsx';
import { ProblemNote } from '../parts/note.tsx';
import { Section } from '../parts/section.tsx';
import { useResource } from '../resource.ts';
import { Guide } from './guide.tsx';

export function Connect() {
  const { data, problem, reload } = useResource<Connection>('/connection');
  return (
    <Section
      id="connect"
      title="Connect"
      lead="With an allowed address, the files of a certificate and an API key, any PostgreSQL program connects."
    >
      {data !== undefined && <Guides connection={data} />}
      {data === undefined && problem === undefined && <Loading what="how to connect" />}
      <ProblemNote problem={problem} retry={() => void reload()} />
    </Section>
  );
}

function Guides({ connection }: { readonly connection: Connection }) {
  const { host, port, database, user, guides, downloads } = connection;
  const [chosen, setChosen] = useState(guides[0]?.id);
  const guide = guides.find(({ id }) => id === chosen);
  const facts = [
    ['host', 'Host', host],
    ['port', 'Port', String(port)],
    ['database', 'Database', database],
    ['user', 'User', user],
  ] as const;
  const texts = [
    ['psql command', connection.psqlCommand],
    ['JDBC URL', connection.jdbcUrl],
    ['ODBC connection string', connection.odbcConnectionString],
  ] as const;
  return (
    <>
      <dl className="facts">
        {facts.map(([what, title, value]) => (
          <div key={what}>
            <dt>{title}</dt>
            <dd>
              <code>{value}</code> <CopyButton text={value} what={what} />
            </dd>
          </div>
        ))}
        <div>
          <dt>Password</dt>
          <dd className="soft">your API key</dd>
        </div>
      </dl>
      <fieldset className="chips">
        <legend>Your program</legend>
        {guides.map(({ id, title }) => (
          <label key={id}>
            <input type="radio" name="program" checked={id === chosen} onChange={() => setChosen(id)} />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      {guide !== undefined && <Guide key={guide.id} title={guide.title} html={guide.html} />}
      <h3>For pasting</h3>
      <dl className="paste">
        {texts.map(([what, text]) => (
          <div key={what}>
            <dt>{what === 'psql command' ? 'psql' : what}</dt>
            <dd>
              <code>{text}</code> <CopyButton text={text} what={what} />
            </dd>
          </div>
        ))}
      </dl>
      <h3>Files</h3>
      <p className="buttons start">
        {downloads.map(({ fileName, mediaType, content }) => (
          <button
            key={fileName}
            type="button"
            className="quiet"
            onClick={() => download(fileName, mediaType, content)}
          >
            Download {fileName}
          </button>
        ))}
      </p>
    </>
  );
}
