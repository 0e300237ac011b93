/** The settings of an account that can be changed later, as fields of a form. */

import type { Account } from '../model.ts';
import { Choice, Field } from '../parts/field.tsx';
import { splitEntries } from '../text/addresses.ts';

export type AccountSettings = Pick<
  Account,
  'maxSessions' | 'clientCertificate' | 'clientAuthentication' | 'anyAddressAllowed' | 'databaseAliases'
>;

/** What the dialogs about one account are given. */
export interface AccountDialogProps {
  readonly account: Account;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}

export const usualSettings: AccountSettings = {
  maxSessions: null,
  clientCertificate: 'required',
  clientAuthentication: null,
  anyAddressAllowed: false,
  databaseAliases: [],
};

export function SettingsFields({
  settings,
  onChange,
  problem,
}: {
  readonly settings: AccountSettings;
  readonly onChange: (settings: AccountSettings) => void;
  readonly problem: unknown;
}) {
  const { maxSessions, clientCertificate, clientAuthentication, anyAddressAllowed, databaseAliases } =
    settings;
  return (
    <>
      <Field
        label="Sessions at most"
        name="maxSessions"
        hint="Empty: as the configuration says."
        problem={problem}
      >
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            max={1_000_000}
            value={maxSessions ?? ''}
            onChange={({ target }) =>
              onChange({ ...settings, maxSessions: target.value === '' ? null : target.valueAsNumber })
            }
          />
        )}
      </Field>
      <Field label="Client authentication" name="clientAuthentication" problem={problem}>
        {(control) => (
          <select
            {...control}
            value={clientAuthentication ?? ''}
            onChange={({ target }) =>
              onChange({
                ...settings,
                clientAuthentication:
                  target.value === '' ? null : (target.value as 'scram-sha-256' | 'password'),
              })
            }
          >
            <option value="">as the configuration says</option>
            <option value="scram-sha-256">SCRAM: the API key never crosses the network</option>
            <option value="password">password inside TLS, for old clients</option>
          </select>
        )}
      </Field>
      <Field
        label="Other names of the database"
        name="databaseAliases"
        hint="By which clients may call it, separated by commas."
        problem={problem}
      >
        {(control) => (
          <input
            {...control}
            defaultValue={databaseAliases.join(', ')}
            onChange={({ target }) => onChange({ ...settings, databaseAliases: splitEntries(target.value) })}
          />
        )}
      </Field>
      <Choice
        type="checkbox"
        label="Clients need no certificate"
        hint="A risk: only address and API key protect the account then. For tools that cannot send one."
        checked={clientCertificate === 'optional'}
        onChange={() =>
          onChange({
            ...settings,
            clientCertificate: clientCertificate === 'optional' ? 'required' : 'optional',
          })
        }
      />
      <Choice
        type="checkbox"
        label="Its owner may allow any address"
        hint="A risk: the whole internet may then try to connect."
        checked={anyAddressAllowed}
        onChange={() => onChange({ ...settings, anyAddressAllowed: !anyAddressAllowed })}
      />
    </>
  );
}
