/*
 * process_io.h - how many bytes a process and its descendants have written.
 *
 * A state transfer is done by children of mysqld's. What a child has moved becomes its parent's when it is waited
 * for, so the sum goes on counting when they end. Source: proc_pid_io(5); kernel/exit.c: wait_task_zombie().
 *
 * What is read does not count: a script that only polls starts ps and sleep each second, which read 420 kB and write
 * 124 bytes (measured with wsrep_sst_rsync).
 */
#ifndef HEALTHD_PROBES_PROCESS_IO_H
#define HEALTHD_PROBES_PROCESS_IO_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that they wrote, to whatever, and once more those for storage. 0: not known, because it is not there, one of
 * them does not let us look, or nothing was written yet. Reads the whole of /proc once: some milliseconds on a busy
 * machine. */
uint64_t process_io_moved(int pid);

/* Who started it, or took it on. False: it is not there. */
bool process_io_parent(int pid, int *ret_parent);

#endif
