#!/bin/sh
# inspect.sh PACKAGES: what `deploy/packages` has built there is what Debian expects, and what the README says.
packages=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

fail() {
    printf 'FAILED: %s\n' "$*"
    failed=1
}

# holds PACKAGE PATH...: exactly these files and links, and no directory without one.
holds() {
    package=$1
    shift
    printf '%s\n' "$@" "/usr/share/doc/$package/changelog.gz" "/usr/share/doc/$package/copyright" |
        sort >"$folder/expected"
    dpkg-deb -c "$packages/${package}"_*.deb | awk '$1 !~ /^d/ { print substr($6, 2) }' | sort >"$folder/there"
    diff "$folder/expected" "$folder/there" || fail "$package does not hold what it should"
    strange=$(dpkg-deb -c "$packages/${package}"_*.deb |
        awk '$1 !~ /^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--|lrwxrwxrwx)$/ || $2 != "root/root"')
    [ -z "$strange" ] || fail "$package has strange owners or modes: $strange"
}

# says PACKAGE FIELD PATTERN: its control file does.
says() {
    dpkg-deb -f "$packages/$1"_*.deb "$2" | grep -qE -e "$3" ||
        fail "$1: $2 is \"$(dpkg-deb -f "$packages/$1"_*.deb "$2")\", not $3"
}

# configures PACKAGE FILE: its only file of configuration, and scripts that a shell can read.
configures() {
    dpkg-deb -e "$packages/$1"_*.deb "$folder/$1"
    [ "$(cat "$folder/$1/conffiles")" = "$2" ] || fail "$1: its configuration is $(cat "$folder/$1/conffiles")"
    for script in postinst prerm postrm; do
        sh -n "$folder/$1/$script" || fail "$1: no shell can read $script"
        shellcheck "$folder/$1/$script" || fail "$1: shellcheck has objections to $script"
        ! grep '@' "$folder/$1/$script" || fail "$1: $script has a place that was not filled in"
    done
}

man=/usr/share/man
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
version=$(dpkg-deb -f "$packages"/libhealthd0_*.deb Version)

examples=/usr/share/doc/healthd/examples
holds healthd /usr/sbin/healthd /lib/systemd/system/healthd.service /usr/lib/sysusers.d/healthd.conf \
    /usr/lib/tmpfiles.d/healthd.conf /etc/healthd/healthd.yaml.example /usr/share/doc/healthd/redis.md \
    /usr/share/doc/healthd/alerts.md /usr/share/doc/healthd/handling.md $examples/handlers/galera-node \
    $examples/haproxy/healthd.cfg $examples/prometheus/healthd.rules.yaml $examples/grafana/healthd.json \
    $examples/proxysql/healthd-proxysql $examples/proxysql/README.md \
    $man/man8/healthd.8.gz $man/man5/healthd.yaml.5.gz $man/man7/healthd-http.7.gz $man/man7/healthd-metrics.7.gz
holds healthd-agent /usr/sbin/healthd-agent /lib/systemd/system/healthd-agent.service \
    /etc/healthd/agent.env.example $man/man8/healthd-agent.8.gz
holds healthd-tools /usr/bin/healthctl $man/man1/healthctl.1.gz $man/man5/healthd-trace.5.gz \
    $man/man7/healthd-reasons.7.gz /usr/share/bash-completion/completions/healthctl \
    /usr/share/fish/vendor_completions.d/healthctl.fish /usr/share/zsh/vendor-completions/_healthctl
library=/usr/lib/$multiarch/libhealthd
holds libhealthd0 "$library.so.0" "$library.so.$version" /usr/share/lintian/overrides/libhealthd0
holds libhealthd-dev "$library.so" "$library.a" "/usr/lib/$multiarch/pkgconfig/healthd.pc" \
    $man/man3/libhealthd.3.gz /usr/share/doc/libhealthd-dev/examples/controller.c \
    /usr/include/healthd/bootstrap.h /usr/include/healthd/diagnosis.h /usr/include/healthd/engine.h \
    /usr/include/healthd/memory.h /usr/include/healthd/observation.h /usr/include/healthd/queue.h \
    /usr/include/healthd/reason.h /usr/include/healthd/rules.h /usr/include/healthd/ruleset.h \
    /usr/include/healthd/types.h

says healthd Depends '^init-system-helpers .*systemd-sysusers.*systemd-tmpfiles.*libevent-extra.*libhiredis.*libmariadb3'
says healthd-agent Depends 'libmariadb3'
says healthd-tools Depends '^libc6 .*libcjson1 .*libyaml-0-2$'
says libhealthd0 Depends '^libc6 \([^,]*$'
says libhealthd-dev Depends "^libhealthd0 \(= $version\)\$"
configures healthd /etc/healthd/healthd.yaml.example
configures healthd-agent /etc/healthd/agent.env.example
dpkg-deb -I "$packages"/libhealthd0_*.deb shlibs | grep -qx "libhealthd 0 libhealthd0 (>= $version)" ||
    fail 'who links with libhealthd0 does not depend on it'

dpkg-deb -x "$packages"/libhealthd-dev_*.deb "$folder/dev"
for place in libdir=libhealthd.a includedir=healthd/engine.h; do
    told=$(PKG_CONFIG_LIBDIR="$folder/dev/usr/lib/$multiarch/pkgconfig" pkg-config --variable="${place%=*}" healthd)
    [ -f "$told/${place#*=}" ] || fail "pkg-config tells ${place%=*} as $told"
done

lintian --fail-on error,warning "$packages"/*.deb || fail 'lintian has objections'

# Hardened: position independent, all relocations at once, a stack protector, checked copies.
for package in healthd healthd-agent healthd-tools; do
    dpkg-deb -x "$packages/${package}"_*.deb "$folder/root"
done
for program in "$folder"/root/usr/*bin/*; do
    readelf -hW "$program" | grep -q 'Type: *DYN' || fail "$program is not position independent"
    readelf -dW "$program" | grep -q 'BIND_NOW' || fail "$program binds late"
    readelf -sW "$program" | grep -q '__stack_chk_fail' || fail "$program has no stack protector"
    readelf -sW "$program" | grep -q '_chk@' || fail "$program has no checked copies"
    ! strings "$program" | grep -F -e "$packages" -e "$(pwd -P)" || fail "$program names where it was built"
done

[ "$failed" -eq 0 ] && echo 'the packages are what they should be'
exit "$failed"
