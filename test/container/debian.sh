#!/bin/sh
# debian.sh FILE: a tar of Debian with as little in it as the base of the official Node image. Needs root.
set -eu
directory=$(mktemp -d /var/tmp/postern-debian-XXXXXX)
trap 'rm -rf "$directory"' EXIT
root=$directory/root

# Node is linked to libatomic.
debootstrap --variant=minbase --include=libatomic1 bookworm "$root" > "$directory/log" 2>&1 || {
  tail -n 20 "$directory/log" >&2
  exit 1
}
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/locale/* "$root"/usr/share/man/* \
  "$root"/usr/share/info/* "$root"/usr/share/lintian/*
# Whom PostgreSQL runs as where it is put on top.
echo 'postgres:x:1999:1999::/var/lib/postgresql:/bin/sh' >> "$root/etc/passwd"
find "$root/usr/share/doc" ! -type d ! -name copyright -delete
tar --create --file "$directory/tar" --directory "$root" .
# Whole or not at all: whoever finds it takes it.
mv "$directory/tar" "$1"
