/*
 * healthd/thread.h - threads beside the event loop.
 */
#ifndef HEALTHD_THREAD_H
#define HEALTHD_THREAD_H

#include <pthread.h>

/* Start a thread that takes no signals: they are the loop's, which would not wake for one that came here.
 * `stack_bytes`: 0 for the system's size. It is detached where `ret_thread` is NULL. Gives 0 or an error number,
 * as pthread_create() does. */
int health_thread_start(void *(*run)(void *context), void *context, size_t stack_bytes,
                        pthread_t *ret_thread);

#endif
