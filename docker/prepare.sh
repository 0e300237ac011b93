#!/bin/sh
# What compose.yaml needs before its first start: prepare.sh [NAME…], the names and addresses at which clients will reach
# this machine (default: localhost and its host name). Leaves alone what is there already.
set -eu
umask 077
cd "$(dirname "$0")"
engine=${CONTAINER_ENGINE:-docker}

# The image never runs as root: root's files are given to user 1000.
uid=$(id -u) gid=$(id -g)
if [ "$uid" = 0 ]; then uid=1000 gid=1000; fi

mkdir -p secrets tls
secret() { if [ ! -s "secrets/$1" ]; then openssl rand "-$2" "$3" > "secrets/$1"; fi; }
secret postgres_password hex 24
secret sealing_key base64 32
secret admin_token hex 24
secret grafana_password hex 12
# PostgreSQL and Grafana read theirs as users of their own; on this machine the directory keeps others out.
chmod 644 secrets/postgres_password secrets/grafana_password
if [ ! -s .env ]; then printf 'POSTERN_UID=%s\nPOSTERN_GID=%s\n' "$uid" "$gid" > .env; fi
if [ "$(id -u)" = 0 ]; then chown -R "$uid:$gid" secrets tls; fi

image/build.sh localhost/postern

if [ ! -e tls/server.crt ]; then
  if [ $# -eq 0 ]; then set -- localhost "$(hostname)"; fi
  for name in "$@"; do set -- "$@" --name "$name"; shift; done
  # shellcheck disable=SC2086 # the engine may come with options of its own
  $engine run --rm --user "$uid:$gid" --read-only --cap-drop ALL --volume "$PWD/tls:/etc/postern/tls" \
    localhost/postern ca create --dir /etc/postern/tls "$@"
fi
