/*
 * maintenance_file.h - the file of who is in maintenance, replaced as a whole by a thread of its own.
 *
 * A disk that hangs must not hold up the loop. Whoever reads the file, whenever the machine stops, finds the
 * former text or the new one.
 *
 * Threads: all functions belong to one thread; the file's own is hidden.
 */
#ifndef HEALTHD_CLI_MAINTENANCE_FILE_H
#define HEALTHD_CLI_MAINTENANCE_FILE_H

#include <stdbool.h>

struct maintenance_entry;
struct maintenance_file;

/* The whole text of a file; the caller frees. NULL: *ret_error says why not. */
char *maintenance_file_read(const char *path, int *ret_error);

/* NULL: memory is short, or no thread is to be had. */
struct maintenance_file *maintenance_file_create(const char *path);

/* Finish what is handed over, for at most `patience_ms`, and free. NULL is fine. */
void maintenance_file_destroy(struct maintenance_file *file, int patience_ms);

/* Let the file hold this list, soon, of which a copy is taken; only the latest counts. False: memory is short. */
bool maintenance_file_write(struct maintenance_file *file, const struct maintenance_entry *first);

/* The error that the last try ended with; it is tried again each second. 0: none. */
int maintenance_file_error(struct maintenance_file *file);

#endif
