/*
 * limits.c - every number the engine compares times with, and what it follows from.
 *
 * The three given ones are the cadence. The constants beside them come from measurements on MariaDB
 * 10.11 with Galera 26.4: a graceful leave shows in the peers' views within 50 ms of the closed
 * connections, a crash after 4.4 to 6.7 s (evs.suspect_timeout is 5 s by default). Where that timeout is
 * set lower than 4 s, leave_window and evict_min must be overridden to less than it, and where
 * evs.inactive_timeout is set higher than 15 s, evict_max to more than it.
 */
#include <healthd/rules.h>

#include <stddef.h>

#define MS HEALTH_NS_PER_MS
#define INTERVAL_MAX_NS (INT64_C(3600) * HEALTH_NS_PER_S)

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* name, value, how it is said to people */
#define DERIVATION(X) \
    X(probe_interval, cadence->probe_interval_ns, "given") \
    X(probe_timeout, cadence->probe_timeout_ns, "given") \
    X(heartbeat_interval, cadence->heartbeat_interval_ns, "given") \
    X(probe_stale, larger(3000 * MS, 5 * round), "5 x (interval + timeout), at least 3 s") \
    X(agent_stale, 5 * beat + 500 * MS, "5 x heartbeat + 500 ms") \
    X(agent_wait, 3 * beat + 500 * MS, "3 x heartbeat + 500 ms") \
    X(view_hold, 2 * round + 1000 * MS, "2 x (interval + timeout) + 1 s") \
    X(view_stale, larger(30000 * MS, 10 * round), "10 x (interval + timeout), at least 30 s") \
    X(close_hold, round, "interval + timeout") \
    X(settle, 400 * MS, "400 ms") \
    X(leave_lead, 350 * MS, "350 ms") \
    X(leave_window, smaller(3500 * MS, 1000 * MS + 2 * interval), \
      "1 s + 2 x interval, at most 3.5 s") \
    X(evict_min, 3500 * MS, "3.5 s") \
    X(evict_max, 20000 * MS, "20 s") \
    X(leave_wait, 2 * round + 400 * MS, "2 x (interval + timeout) + 400 ms") \
    X(exit_grace, 2 * beat + 50 * MS, "2 x heartbeat + 50 ms") \
    X(pulse, pulse, "timeout / 2, 25 to 250 ms") \
    X(stall, pulse, "timeout / 2, 25 to 250 ms") \
    X(crash_loop, 600000 * MS, "10 min") \
    X(double_crash, 5000 * MS, "5 s") \
    X(stuck, 60000 * MS, "60 s")

static bool valid(int64_t interval_ns)
{
    return interval_ns >= MS && interval_ns <= INTERVAL_MAX_NS;
}

enum health_error health_limits_derive(const struct health_cadence *cadence,
                                       struct health_limits *ret_limits)
{
    if (!valid(cadence->probe_interval_ns) || !valid(cadence->probe_timeout_ns) ||
        !valid(cadence->heartbeat_interval_ns))
        return HEALTH_EINVAL;

    const int64_t interval = cadence->probe_interval_ns;
    const int64_t round = interval + cadence->probe_timeout_ns;
    const int64_t beat = cadence->heartbeat_interval_ns;
    const int64_t pulse = larger(25 * MS, smaller(250 * MS, cadence->probe_timeout_ns / 2));
#define X(limit, value, formula) ret_limits->limit##_ns = (value);
    DERIVATION(X)
#undef X
    return HEALTH_OK;
}

const struct health_limit_row *health_limit_rows(size_t *ret_count)
{
#define MEANING_OF(limit, text) static const char limit##_meaning[] = text;
    HEALTH_LIMITS(MEANING_OF)
#undef MEANING_OF
#define X(limit, value, formula) \
    {#limit, (formula), limit##_meaning, offsetof(struct health_limits, limit##_ns)},
    static const struct health_limit_row rows[] = { DERIVATION(X) };
#undef X
    *ret_count = sizeof rows / sizeof *rows;
    return rows;
}
