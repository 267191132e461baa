/*
 * healthd/secret.h - passwords and tokens: the first line of a file, read each time, because it may be renewed.
 */
#ifndef HEALTHD_SECRET_H
#define HEALTHD_SECRET_H

/* With the final 0; the longest secret has two characters less. */
#define HEALTH_SECRET_SIZE 512

/*
 * Read one. NULL: done; else what is wrong, to be said after the path. Does not wait for anybody to write: what is
 * no regular file is refused. The caller wipes the line. Any thread.
 */
const char *health_secret_read(const char *path, char ret_line[HEALTH_SECRET_SIZE]);

#endif
