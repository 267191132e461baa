/*
 * durable_file.h - a small file that outlives a crash of the machine, replaced as a whole by a thread of its own.
 *
 * A disk that hangs must not hold up the loop. Whoever reads the file, whenever the machine stops, finds the
 * former text or the new one.
 *
 * Threads: all functions belong to one thread; the file's own is hidden.
 */
#ifndef HEALTHD_CLI_DURABLE_FILE_H
#define HEALTHD_CLI_DURABLE_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct durable_file;

/* How what is handed over becomes the text of a file; both are called on the file's thread. */
struct durable_form {
    char *(*print)(const void *content); /* to be freed; NULL: memory is short */
    void (*discard)(void *content);
};

/* The whole text of a file; the caller frees. NULL: *ret_error says why not. */
char *durable_file_read(const char *path, int *ret_error);

/* NULL: memory is short, or no thread is to be had. `form` is borrowed for good: it may outlive the file. */
struct durable_file *durable_file_create(const char *path, const struct durable_form *form);

/* Finish what is handed over, for at most `patience_ms`, and free. NULL is fine. */
void durable_file_destroy(struct durable_file *file, int patience_ms);

/* Let the file hold this, soon; it is the file's from now on. Only the latest counts. Gives its number, which
 * grows by one each time. */
uint64_t durable_file_write(struct durable_file *file, void *content);

/* The number of the latest that is on the disk, and stays there whatever happens. 0: none yet. */
uint64_t durable_file_written(struct durable_file *file);

/* An eventfd that is counted up whenever a try has ended, well or not. */
int durable_file_descriptor(const struct durable_file *file);

/* The error that the last try ended with; it is tried again each second. 0: none. */
int durable_file_error(struct durable_file *file);

#endif
