/*
 * healthd/secret.h - what lies in files: passwords and tokens, which are a file's first line and read each time,
 * because they may be renewed; and keys, which are all of it.
 */
#ifndef HEALTHD_SECRET_H
#define HEALTHD_SECRET_H

#include <stddef.h>

/* With the final 0; the longest secret has two characters less. */
#define HEALTH_SECRET_SIZE 512

#define HEALTH_KEY_MIN 16
#define HEALTH_KEY_SIZE 4097 /* one more than the longest key has */

/*
 * Read one. NULL: done; else what is wrong, to be said after the path. Does not wait for anybody to write: what is
 * no regular file is refused. The caller wipes the line. Any thread.
 */
const char *health_secret_read(const char *path, char ret_line[HEALTH_SECRET_SIZE]);

/* The same of a key: bytes of any value, without the newline that people end files with. */
const char *health_key_read(const char *path, char ret_key[HEALTH_KEY_SIZE], size_t *ret_length);

#endif
