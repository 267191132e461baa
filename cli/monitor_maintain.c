/*
 * monitor_maintain.c - nodes go out of service for maintenance and come back, as operators say or time does.
 */
#include "monitor_private.h"
#include "log.h"
#include "wall_time.h"

static void tell_begin(const struct monitor *monitor, const struct maintenance_entry *entry,
                       const char *who)
{
    char reason[LOG_VALUE_MAX];
    char until[WALL_TIME_SIZE];

    log_event(LOG_NOTICE, "maintenance",
              "cluster=%s node=%s on=yes who=%s reason=%s until=%s kept=%s", entry->cluster,
              entry->node, who, log_value(reason, sizeof reason, entry->reason),
              entry->until_ns ? wall_time_format(entry->until_ns, until) : "none",
              maintenance_is_kept(monitor->maintenance) ? "yes" : "no");
}

static void tell_end(const struct maintenance_entry *entry, const char *who)
{
    log_event(LOG_NOTICE, "maintenance", "cluster=%s node=%s on=no who=%s", entry->cluster,
              entry->node, who);
}

/* First what has come due, as a replay does. */
static void tell_engine(struct monitor *monitor, uint32_t node, bool on)
{
    monitor_refresh(monitor);
    int64_t now_ns = monitor_now(monitor, health_clock_ns());

    if (monitor->recorder)
        recorder_maintenance(monitor->recorder, node, now_ns, on);
    health_node_maintain(monitor->engine, now_ns, node, on);
    monitor_settle(monitor);
}

/* ---- As operators say ---- */

static bool begin(struct monitor *monitor, uint32_t node, const struct maintenance_wish *wish)
{
    const struct directory_entry *names = directory_find(&monitor->roster.directory, node);
    const struct maintenance_entry *entry =
        maintenance_begin(monitor->maintenance, names, node, wish);

    if (!entry)
        return false;
    tell_begin(monitor, entry, "http");
    tell_engine(monitor, node, true);
    return true;
}

static void end(struct monitor *monitor, const struct maintenance_entry *entry, const char *who)
{
    uint32_t node = entry->number;

    tell_end(entry, who);
    maintenance_end(monitor->maintenance, entry);
    tell_engine(monitor, node, false);
}

bool monitor_maintain(struct monitor *monitor, uint32_t node, const struct maintenance_wish *wish)
{
    const struct maintenance_entry *entry = maintenance_of(monitor->maintenance, node);

    if (wish)
        return begin(monitor, node, wish);
    if (entry)
        end(monitor, entry, "http");
    return true;
}

/* ---- As time does ---- */

void monitor_mind_maintenance(struct monitor *monitor)
{
    int64_t wall_ns = wall_time_now_ns();
    const struct maintenance_entry *entry;

    while ((entry = maintenance_due(monitor->maintenance, wall_ns)))
        end(monitor, entry, "until");
    maintenance_mind_file(monitor->maintenance);
}

/* ---- As configurations come and go ---- */

void monitor_resume_maintenance(struct monitor *monitor, uint32_t node)
{
    const struct maintenance_entry *entry = maintenance_claim(
        monitor->maintenance, directory_find(&monitor->roster.directory, node), node);

    if (!entry)
        return;
    health_node_maintain(monitor->engine, monitor->now_ns, node, true);
    tell_begin(monitor, entry, "earlier");
}

void monitor_drop_maintenance(struct monitor *monitor)
{
    const struct maintenance_entry *entry;

    while ((entry = maintenance_unclaimed(monitor->maintenance))) {
        tell_end(entry, "config");
        maintenance_end(monitor->maintenance, entry);
    }
}

void monitor_record_maintenance(struct monitor *monitor, uint32_t cluster)
{
    const struct roster_cluster *home = &monitor->roster.clusters[cluster];

    for (uint32_t i = 0; i < home->count; i++)
        if (maintenance_of(monitor->maintenance, home->nodes[i]))
            recorder_maintenance(monitor->recorder, home->nodes[i], monitor->now_ns, true);
}
