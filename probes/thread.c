/*
 * thread.c - threads beside the event loop.
 */
#include <healthd/thread.h>

#include <signal.h>

int health_thread_start(void *(*run)(void *context), void *context, size_t stack_bytes,
                        pthread_t *ret_thread)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t former;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    if (stack_bytes)
        pthread_attr_setstacksize(&attributes, stack_bytes);
    if (!ret_thread)
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &former); /* a new thread has its maker's mask */
    int error = pthread_create(&thread, &attributes, run, context);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0 && ret_thread)
        *ret_thread = thread;
    return error;
}
