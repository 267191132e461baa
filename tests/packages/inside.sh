#!/bin/sh
# inside.sh: what live.sh does where the packages are installed. /test has them, and a process to be mysqld.
cd /test || exit 1

fail() {
    printf 'FAILED: %s\n' "$*"
    journalctl --no-pager -n 30 -u healthd -u healthd-agent -u mysqld
    exit 1
}

# expect WHAT COMMAND...: it is true now.
expect() {
    what=$1
    shift
    "$@" >/dev/null 2>&1 || fail "$what: $*"
}

# until_true WHAT COMMAND...: it becomes true.
until_true() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "$what: $*"
        sleep 0.1
    done
}

show() { systemctl show -P "$1" "$2"; }
shows() { [ "$(show "$2" "$1")" = "$3" ]; } # UNIT PROPERTY VALUE
logged() { journalctl --no-pager -o cat -u healthd | grep -qE -e "$1"; }
install() { dpkg -i ./*.deb >install.log 2>&1 || fail "installing: $(cat install.log)"; }

step() { echo "$*"; }

step 'installed: enabled as Debian does, and skipped'
install
for unit in healthd healthd-agent; do
    expect 'it is enabled' systemctl is-enabled $unit
    expect 'it is not failed' shows $unit ActiveState inactive
    expect 'it was skipped' shows $unit ConditionResult no
done
expect 'its user is there' id healthd
expect 'its directory is there' [ "$(stat -c '%U:%G %a' /var/lib/healthd)" = 'healthd:healthd 750' ]
expect 'it runs' healthd --version
expect 'it runs' healthd-agent --version
expect 'it runs' healthctl rules
expect 'the library is found' sh -c 'ldconfig -p | grep -q libhealthd.so.0'
for page in man1/healthctl.1 man3/libhealthd.3 man5/healthd.yaml.5 man5/healthd-trace.5 man7/healthd-reasons.7 \
    man8/healthd.8 man8/healthd-agent.8; do
    expect 'its manual is there' zgrep -q '^\.Sh NAME' /usr/share/man/$page.gz
done

step 'configured: the example is good, and both run'
for secret in probe.pw redis.pw; do echo secret >/etc/healthd/$secret; done
head -c 32 /dev/urandom | base64 >/etc/healthd/heartbeat.key
useradd --system --home-dir /nonexistent --groups healthd mysql # who reads the same secrets here
chown root:healthd /etc/healthd/*.pw /etc/healthd/*.key
chmod 640 /etc/healthd/*.pw /etc/healthd/*.key
healthd --check-config /etc/healthd/healthd.yaml.example >check.log 2>&1 ||
    fail "the example cannot be used: $(cat check.log)"
sed 's/^# \(record\|memory\):/\1:/' /etc/healthd/healthd.yaml.example >all.yaml
expect 'the example is good with all that is kept, too' setpriv --reuid=healthd --regid=healthd --init-groups \
    healthd --check-config all.yaml
sed -e 's/10\.0\.0\.[0-9]/127.0.0.1/; s/name: n1,/&port: 1,/; s/name: n2,/&port: 2,/; s/name: n3,/&port: 3,/' \
    -e 's/^# record/record/; s/interval_ms: 500/interval_ms: 200/' \
    /etc/healthd/healthd.yaml.example >/etc/healthd/healthd.yaml
sed -e 's/10\.0\.0\.254/127.0.0.1/; s/^OPTIONS="/&--interval-ms 200 /' \
    /etc/healthd/agent.env.example >/etc/healthd/agent.env
mkdir -p /var/lib/mysql /run/mysqld
chown mysql /var/lib/mysql /run/mysqld
systemctl start healthd healthd-agent || fail 'they do not start'
until_true 'it says how things are' sh -c 'systemctl show -P StatusText healthd | grep -q "0 of 3 nodes green"'
# shellcheck disable=SC2016
expect 'it may have as many descriptors as there are' awk '/open files/ && $4 != $5 { exit 1 }' \
    "/proc/$(show MainPID healthd)/limits"
expect 'it is its user' [ "$(stat -c %U "/proc/$(show MainPID healthd)")" = healthd ]
expect 'it records' sh -c 'ls /var/lib/healthd/trace.jsonl'

step 'the agent sees mysqld and its end, as its unit allows'
systemd-run --quiet --unit=mysqld --uid=mysql -p AmbientCapabilities=CAP_IPC_LOCK \
    -p CapabilityBoundingSet=CAP_IPC_LOCK /test/mysqld --datadir=/var/lib/mysql || fail 'no process to watch'
expect 'its log is in the journal' logged event=start
until_true 'mysqld is seen' logged 'event=state .*node=n1 .*to=yellow'
systemctl kill --signal=KILL mysqld
until_true 'its end is seen' logged 'event=state .*node=n1 .*to=red-unclean reason=killed'

step 'reloaded'
for unit in healthd healthd-agent; do
    pid=$(show MainPID $unit)
    expect 'it reloads' systemctl reload $unit
    expect 'it is the same process' shows $unit MainPID "$pid"
done
until_true 'it was reloaded' logged event=reloaded

step 'frozen: the watchdog ends and begins it again'
for unit in healthd healthd-agent; do
    mkdir -p /run/systemd/system/$unit.service.d
    printf '[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\n' >/run/systemd/system/$unit.service.d/quick.conf
done
systemctl daemon-reload
systemctl restart healthd healthd-agent
sleep 3
for unit in healthd healthd-agent; do
    expect 'while it runs, it is left alone' shows $unit NRestarts 0
    systemctl kill --signal=STOP $unit
    until_true 'it is begun again' shows $unit NRestarts 1
    until_true 'it runs again' systemctl is-active $unit
done
rm -r /run/systemd/system/healthd*.d
systemctl daemon-reload

step 'killed more often than systemd is patient with by default'
systemctl restart healthd healthd-agent
for unit in healthd healthd-agent; do
    for times in 1 2 3 4 5 6 7; do
        systemctl kill --signal=KILL $unit
        until_true 'it is begun again' shows $unit NRestarts $times
        until_true 'it runs again' systemctl is-active $unit
    done
done

step 'a configuration that cannot be used is not tried again'
cp /etc/healthd/healthd.yaml good.yaml
echo 'nonsense: 1' >>/etc/healthd/healthd.yaml
! systemctl restart healthd 2>/dev/null || fail 'it starts with nonsense'
sleep 2
expect 'it is told' shows healthd ExecMainStatus 78
expect 'it failed' shows healthd ActiveState failed
cp good.yaml /etc/healthd/healthd.yaml
systemctl restart healthd || fail 'it does not start again'

step 'a real server crashes: its agent finds out the position as its unit allows, and healthd is told'
systemctl stop healthd healthd-agent
cp /etc/healthd/agent.env good.env
cat >/etc/healthd/healthd.yaml <<'YAML'
clusters:
  - {name: lab, user: probe, password_file: /etc/healthd/probe.pw, nodes: [{name: n1, address: 127.0.0.1}]}
heartbeat: {key_file: /etc/healthd/heartbeat.key}
http: {token_file: /etc/healthd/http.token}
YAML
cp -p /etc/healthd/heartbeat.key /etc/healthd/http.token
sed -e 's/10\.0\.0\.254/127.0.0.1/; /^OPTIONS/d; s/^#OPTIONS/OPTIONS/' /etc/healthd/agent.env.example \
    >/etc/healthd/agent.env
cat >/etc/mysql/mariadb.conf.d/60-galera.cnf <<'CNF'
[mariadbd]
datadir = /var/lib/mysql
socket = /run/mysqld/mysqld.sock
pid_file = /run/mysqld/mysqld.pid
binlog_format = ROW
wsrep_on = ON
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_address = gcomm://127.0.0.1
wsrep_node_address = 127.0.0.1
CNF
rm -r /var/lib/mysql /run/mysqld # the agent may be there before the server
systemctl start healthd healthd-agent || fail 'they do not start'
mkdir /var/lib/mysql /run/mysqld
chown mysql /var/lib/mysql /run/mysqld
mariadb-install-db --user=mysql --skip-test-db --force >install-db.log 2>&1 || fail "no database: $(cat install-db.log)"
systemd-run --quiet --unit=mariadb --uid=mysql -p AmbientCapabilities=CAP_IPC_LOCK \
    -p CapabilityBoundingSet=CAP_IPC_LOCK mariadbd --wsrep-new-cluster || fail 'no server'
sql() { mariadb --socket=/run/mysqld/mysqld.sock -N -e "$1"; }
until_true 'it takes connections' sql 'SELECT 1'
expect 'it has data' sql "CREATE USER probe@'%' IDENTIFIED BY 'secret';
    CREATE TABLE mysql.t (i INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO mysql.t VALUES (1), (2)"
until_true 'it is seen' logged 'event=state .*node=n1 .*to=green'
position=$(sql "SELECT CONCAT_WS(':', MAX(IF(VARIABLE_NAME = 'WSREP_CLUSTER_STATE_UUID', VARIABLE_VALUE, NULL)),
    MAX(IF(VARIABLE_NAME = 'WSREP_LAST_COMMITTED', VARIABLE_VALUE, NULL))) FROM information_schema.GLOBAL_STATUS")
systemctl kill --signal=KILL mariadb
until_true 'the crash is named' logged 'event=fault .*full-crash.* on=yes'
healthctl recover lab --token-file /etc/healthd/http.token >recover.log 2>&1 || fail "recover: $(cat recover.log)"
grep -qxE "n1 +done +$position" recover.log || fail "$position is expected: $(cat recover.log)"
systemctl stop healthd healthd-agent
cp good.yaml /etc/healthd/healthd.yaml
cp good.env /etc/healthd/agent.env
rm /etc/healthd/http.token
systemctl start healthd healthd-agent || fail 'they do not start'

step 'upgraded over itself: restarted, and what was decided stays'
pid=$(show MainPID healthd)
systemctl disable --now healthd-agent 2>/dev/null
sum=$(cat /etc/healthd/healthd.yaml /etc/healthd/agent.env | md5sum)
install
expect 'it runs' systemctl is-active healthd
expect 'it is another process' [ "$(show MainPID healthd)" != "$pid" ]
! systemctl is-enabled healthd-agent >/dev/null || fail 'what was disabled is enabled again'
! systemctl is-active healthd-agent >/dev/null || fail 'what was disabled runs again'
expect 'the configuration is as it was' [ "$(cat /etc/healthd/healthd.yaml /etc/healthd/agent.env | md5sum)" = "$sum" ]

step 'removed: stopped, and the configuration is kept'
packages=$(for package in ./*.deb; do dpkg-deb -f "$package" Package; done)
# shellcheck disable=SC2086
dpkg -r $packages >remove.log 2>&1 || fail "removing: $(cat remove.log)"
! pgrep healthd || fail 'something still runs'
expect 'the configuration is there' [ -f /etc/healthd/healthd.yaml ]
expect 'what was recorded is there' [ -f /var/lib/healthd/trace.jsonl ]

step 'purged: nothing is left but keys and the user'
# shellcheck disable=SC2086
dpkg -P $packages >purge.log 2>&1 || fail "purging: $(cat purge.log)"
left=$(find /etc/healthd -type f -printf '%f\n' | sort | paste -sd ' ')
[ "$left" = 'heartbeat.key probe.pw redis.pw' ] || fail "in /etc/healthd is left: $left"
rm -r /etc/healthd
left=$(find / -xdev -path /test -prune -o -path /tmp -prune -o -path /var/tmp -prune \
    -o -iname '*healthd*' -print -o -iname 'healthctl*' -print)
[ -z "$left" ] || fail "this is left: $left"
! dpkg -l | grep -E 'healthd' || fail 'dpkg still knows of it'
echo 'all is well'
