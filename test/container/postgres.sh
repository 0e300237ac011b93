#!/bin/sh
# What the official PostgreSQL image does with these settings, as far as this repository uses it.
set -eu
data=/var/lib/postgresql/data
if [ ! -s "$data/PG_VERSION" ]; then
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
  echo "$POSTGRES_PASSWORD" > /tmp/password
  initdb --pgdata "$data" --username postgres --pwfile /tmp/password --auth-host scram-sha-256 --encoding UTF8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$data/pg_hba.conf"
  if [ -n "${POSTGRES_DB:-}" ]; then
    echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$data" postgres
  fi
fi
exec postgres -D "$data" -c 'listen_addresses=*' "$@"
