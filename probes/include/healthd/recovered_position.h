/*
 * healthd/recovered_position.h - what mysqld --wsrep-recover says: the position its data would be begun with. Pure; any thread.
 *
 * Sources: sql/wsrep_mysqld.cc, wsrep_recover() (MariaDB, with and without its GTID beside the number) and
 * Percona XtraDB Cluster's, which begins its lines with the bracketed word.
 */
#ifndef HEALTHD_RECOVERED_POSITION_H
#define HEALTHD_RECOVERED_POSITION_H

#include <healthd/observation.h>

/* Read the last line of a log that tells a position. seqno -1 is Galera's "undefined". NULL: *ret_uuid and *ret_seqno
 * are what it says; otherwise why it cannot be used, static. */
const char *recovered_position_parse(const char *text, struct health_uuid *ret_uuid,
                                     int64_t *ret_seqno);

#endif
