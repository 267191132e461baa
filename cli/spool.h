/*
 * spool.h - files that are only appended to, written by a thread of their own.
 *
 * A disk that hangs or throttles must not hold up the loop: whoever writes appends to memory, and about
 * each second the thread takes what there is. A file whose thread does not keep up, or that cannot be
 * written (a full disk), ends; the others go on.
 *
 * Threads: all functions belong to one thread; the spool's own is hidden.
 */
#ifndef HEALTHD_CLI_SPOOL_H
#define HEALTHD_CLI_SPOOL_H

#include <stdio.h>

struct spool;
struct spool_file;

/* NULL: memory is short, or no thread is to be had. */
struct spool *spool_create(void);

/* Write what there is, for at most `patience_ms`, and free. All files must be closed. NULL is fine. */
void spool_destroy(struct spool *spool, int patience_ms);

/* A file that must not exist yet. NULL: errno says why not. */
struct spool_file *spool_open(struct spool *spool, const char *path);

/* What is appended to this stream comes into the file; the stream is the file's. */
FILE *spool_stream(struct spool_file *file);

/* Hand what was appended to the thread. 0, or the error that ended the file (ENOBUFS: the disk is too
 * slow). */
int spool_flush(struct spool_file *file);

/* Hand over the rest; the thread closes the file when that is written. */
void spool_close(struct spool_file *file);

#endif
