/*
 * view_read.h - rows of a mysqld's answers to a view.
 */
#ifndef HEALTHD_PROBES_VIEW_READ_H
#define HEALTHD_PROBES_VIEW_READ_H

#include <healthd/observation.h>

/* The variables that a full probe wants, where the server has them. */
enum view_variable {
    VIEW_REJECT_QUERIES,
    VIEW_DESYNC,
    VIEW_READ_ONLY,
    VIEW_DONOR_REJECTS,
    VIEW_MAINT_MODE,
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
