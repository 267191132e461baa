#!/bin/sh
# live.sh PACKAGES FAKE_MYSQLD: the packages in a life of their own: a bare Debian with a real systemd, in a
# container. They are installed, configured, run, frozen, upgraded, removed and purged there (inside.sh).
packages=$1
fake_mysqld=$2
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" -eq 0 ] || {
    echo 'only root can do this'
    exit 77
}
# shellcheck disable=SC1091
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
folder=$(mktemp -d)
root=$folder/root
trap 'rm -rf "$folder"' EXIT

# What they depend on, and no more: the packages themselves are installed inside, where systemd runs.
needed=$(for package in "$packages"/*.deb; do
    dpkg-deb -f "$package" Depends
done | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | grep -v '^libhealthd' | sort -u | paste -sd,)
galera=mariadb-server-core,mariadb-client-core,galera-4 # to be recovered
mmdebstrap --quiet --variant=minbase --include="$needed,systemd-sysv,dbus,procps,$galera" "$release" "$root" ||
    { echo 'FAILED: no Debian could be set up: is a mirror reachable?' && exit 1; }

mkdir "$root/test"
cp "$packages"/*.deb "$fake_mysqld" "$here/inside.sh" "$root/test"
cat >"$root/etc/systemd/system/inside.service" <<'UNIT'
[Unit]
After=basic.target dbus.service
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
ExecStart=/bin/sh /test/inside.sh
StandardOutput=file:/test/result
StandardError=inherit
TimeoutStartSec=180
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../inside.service "$root/etc/systemd/system/multi-user.target.wants/"
rm -f "$root/etc/resolv.conf"
timeout -k 5 230 systemd-nspawn --quiet --register=no --keep-unit --private-network --machine=packages-$$ \
    -D "$root" --boot >"$folder/console" 2>&1 </dev/null
cat "$root/test/result" 2>/dev/null || cat "$folder/console"
grep -qx 'all is well' "$root/test/result"
