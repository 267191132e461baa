/*
 * process_io.h - how many bytes a process and its descendants have read and written.
 *
 * A state transfer is done by children of mysqld's. What a child has moved becomes its parent's when it is waited
 * for, so the sum goes on counting when they end. Source: proc_pid_io(5); kernel/exit.c: wait_task_zombie().
 */
#ifndef HEALTHD_PROBES_PROCESS_IO_H
#define HEALTHD_PROBES_PROCESS_IO_H

#include <stdint.h>

/* Bytes that went through read and write calls, of whatever kind. 0: not known, because it is not there, or one of
 * them does not let us look. Reads the whole of /proc once: some milliseconds on a busy machine. */
uint64_t process_io_moved(int pid);

#endif
