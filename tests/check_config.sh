#!/bin/sh
# check_config.sh HEALTHD: files that cannot be used are found before anything begins, as who calls may read them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$1" "$folder/healthd" # where everybody may run it
chmod 755 "$folder"
cd "$folder"
config=$folder/healthd.yaml

fail() {
    echo "FAILED: $*" >&2
    cat said >&2
    exit 1
}
# says CODE PATTERN COMMAND...: it ends with this code and says this on standard error.
says() {
    code=0
    wanted=$1
    pattern=$2
    shift 2
    timeout 10 "$@" 2>said >/dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "$*: ends with $code, not $wanted"
    [ -z "$pattern" ] || grep -qE -e "$pattern" said || fail "$*: does not say $pattern"
}
write() {
    printf 'clusters: [{name: lab, nodes: [{name: n1, address: 127.0.0.1}]}]\n%s\n' "$1" >"$config"
}
private() {
    printf '%s\n' "$2" >"$1"
    chmod 600 "$1"
}

private "$folder/short.key" 'too short'
private "$folder/good" '0123456789abcdef'
private "$folder/empty" ''
write "heartbeat: {listen: 127.0.0.1:9201, key_file: $folder/short.key}"
for call in --check-config --config; do
    says 78 "^$config:2: a file with a key is expected for key_file: $folder/short.key: it is shorter" ./healthd $call "$config"
done
one='--cluster lab --node n1=127.0.0.1:1 --heartbeat none --http none'
# shellcheck disable=SC2086 # several words
for check in --check-config ''; do
    says 78 '--key-file .*/short.key: a file with a key is expected' ./healthd $one --key-file "$folder/short.key" $check
    says 78 '--token-file .*/empty: a file with a secret is expected' ./healthd $one --token-file "$folder/empty" $check
done

# Whoever is not root is told what he may not read; root may read everything, and is told that this proves little.
write "http: {token_file: $folder/good}"
warning='sudo -u healthd healthd --check-config'
if [ "$(id -u)" -ne 0 ]; then
    says 0 '' ./healthd --check-config "$config"
    ! grep -q "$warning" said || fail 'who is not root is told of root'
    exit 0
fi
says 0 "^warning: checked as root.*$warning" ./healthd --check-config "$config"
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
# shellcheck disable=SC2086
says 78 "token_file: $folder/good: Permission denied" $as_nobody ./healthd --check-config "$config"
chown 65534 "$folder/good"
# shellcheck disable=SC2086
says 0 '' $as_nobody ./healthd --check-config "$config"
! grep -q "$warning" said || fail 'who is not root is told of root'
