/*
 * view_read.h - rows of a mysqld's answers to a view.
 */
#ifndef HEALTHD_PROBES_VIEW_READ_H
#define HEALTHD_PROBES_VIEW_READ_H

#include <healthd/observation.h>

/* The status that a full probe asks for and reads, without its prefix "wsrep_". */
#define VIEW_STATUS(X) \
    X(local_state) \
    X(cluster_status) \
    X(cluster_size) \
    X(cluster_weight) \
    X(cluster_conf_id) \
    X(cluster_state_uuid) \
    X(gcomm_uuid) \
    X(ready) \
    X(connected) \
    X(evs_state) \
    X(local_recv_queue) \
    X(last_committed)

/* The variables that it asks for, where the server has them. */
#define VIEW_VARIABLES(X) \
    X(REJECT_QUERIES, "wsrep_reject_queries") \
    X(DESYNC, "wsrep_desync") \
    X(READ_ONLY, "read_only") \
    X(DONOR_REJECTS, "wsrep_sst_donor_rejects_queries") \
    X(MAINT_MODE, "pxc_maint_mode")

enum view_variable {
#define NUMBER(id, name) VIEW_##id,
    VIEW_VARIABLES(NUMBER)
#undef NUMBER
        VIEW_VARIABLE_COUNT
};

extern const char *const view_variable_names[VIEW_VARIABLE_COUNT];

/* A view of which nothing is known. */
void view_clear(struct health_view *view);

/* Take one row of SHOW STATUS. False: it is none of wsrep's. */
bool view_take_status(struct health_view *view, const char *name, const char *value);

/* Take a variable's value; NULL: the server said NULL. */
void view_take_variable(struct health_view *view, enum view_variable variable, const char *value);

#endif
