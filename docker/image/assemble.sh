#!/bin/sh
# Puts the image's file system together: assemble.sh APP ROOT EPOCH. Runs in a stage of the Dockerfile, on Debian.
#
# ROOT gets Node with the libraries that it is linked to, what the C library reads, and APP as /app. Debian's record of
# each package of which a file is taken lies in /var/lib/dpkg/status.d, where scanners look for it in images without dpkg.
set -eu
app=$1 root=$2 epoch=$3

node=/usr/local/bin/node
libraries=$(ldd "$node" | grep -o '/[^ ]*')
mkdir -p "$root/app" "$root/etc/postern" "$root/tmp" "$root/var/lib/dpkg/status.d"
# shellcheck disable=SC2086 # one word per library
cp --parents --dereference "$node" $libraries /etc/os-release "$root"
if [ -e /usr/local/LICENSE ]; then cp --parents /usr/local/LICENSE "$root"; fi

for library in $libraries; do
  # The record may name the directory from before /lib became a link to /usr/lib.
  dpkg-query --search "*${library#/usr}" | grep -F -e ": ${library#/usr}" -e ": /usr${library#/usr}" | cut -d: -f1
done | sort -u | while read -r package; do
  dpkg-query --status "$package" > "$root/var/lib/dpkg/status.d/$package"
  licence=/usr/share/doc/$package/copyright
  if [ -e "$licence" ]; then cp --parents --dereference "$licence" "$root"; fi
done

echo 'root:x:0:0::/:/nologin
postern:x:1000:1000::/:/nologin' > "$root/etc/passwd"
echo 'root:x:0:
postern:x:1000:' > "$root/etc/group"
# Without it the C library asks DNS before /etc/hosts.
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"

cp -R "$app/." "$root/app"
# There is no /usr/bin/env to find Node with.
sed -i "1s|^#!.*|#!$node|" "$root/app/dist/main.js"
ln -s /app/dist/main.js "$root/usr/local/bin/postern"

# The same files whatever umask and clock were.
chmod -R u=rwX,go=rX "$root"
chmod 755 "$root/app/dist/main.js"
chmod 1777 "$root/tmp"
find "$root" -exec touch --no-dereference --date="@$epoch" {} +
