/*
 * spool.c - files that are only appended to, written by a thread of their own.
 *
 * Each file has two buffers: one that the loop fills, and one that the thread empties. They change places
 * when the thread's is empty. The lock is held for that alone, never while anything is written.
 */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <healthd/thread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What may wait in memory for one file: some minutes of a large cluster. */
#define WAITING_MAX (16u << 20)

struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
};

struct spool_file {
    struct spool *spool;
    struct spool_file *next;
    FILE *stream;
    int descriptor;
    struct buffer filling;  /* the loop's */
    struct buffer emptying; /* the thread's while it is not empty */
    int error;              /* shared, like the two flags: under the lock */
    bool handed;
    bool closed;
};

struct spool {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_cond_t rest;
    struct spool_file *files; /* under the lock */
    bool ending;
    bool ended;
};

/* Let the buffers change places; the thread's is empty, and the lock is held. */
static void hand_over(struct spool_file *file)
{
    struct buffer empty = file->emptying;
    file->emptying = file->filling;
    file->filling = empty;
    file->handed = true;
}

/* ---- The thread ---- */

static int write_all(int descriptor, const struct buffer *buffer)
{
    for (size_t written = 0; written < buffer->length;) {
        ssize_t more = write(descriptor, buffer->bytes + written, buffer->length - written);
        if (more == -1 && errno != EINTR)
            return errno;
        written += more > 0 ? (size_t)more : 0;
    }
    return 0;
}

static void file_free(struct spool_file *file)
{
    close(file->descriptor);
    free(file->filling.bytes);
    free(file->emptying.bytes);
    free(file);
}

/* Write what a file was handed; with the lock held before and after. */
static void empty_file(struct spool *spool, struct spool_file *file)
{
    pthread_mutex_unlock(&spool->lock);
    int error = write_all(file->descriptor, &file->emptying);
    pthread_mutex_lock(&spool->lock);
    file->emptying.length = 0;
    file->handed = false;
    if (error)
        file->error = error;
}

/* One file that wants something done. NULL: none does. */
static struct spool_file *find_work(struct spool *spool)
{
    struct spool_file *file = spool->files;
    while (file && !file->handed && !file->closed)
        file = file->next;
    return file;
}

static void unlink_file(struct spool *spool, struct spool_file *file)
{
    struct spool_file **link = &spool->files;
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
}

static void *run(void *context)
{
    struct spool *spool = context;

    pthread_mutex_lock(&spool->lock);
    for (;;) {
        struct spool_file *file = find_work(spool);
        if (file && file->handed) {
            empty_file(spool, file);
        } else if (file && file->filling.length && !file->error) {
            hand_over(file); /* the rest of one that was closed */
        } else if (file) {
            unlink_file(spool, file);
            file_free(file);
        } else if (spool->ending) {
            break;
        } else {
            pthread_cond_wait(&spool->work, &spool->lock);
        }
    }
    spool->ended = true;
    pthread_cond_signal(&spool->rest);
    pthread_mutex_unlock(&spool->lock);
    return NULL;
}

/* ---- The loop's side ---- */

struct spool *spool_create(void)
{
    struct spool *spool = calloc(1, sizeof *spool);
    pthread_condattr_t monotonic;

    if (!spool)
        return NULL;
    pthread_mutex_init(&spool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&spool->work, NULL);
    pthread_cond_init(&spool->rest, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (health_thread_start(run, spool, 0, &spool->thread) == 0)
        return spool;
    free(spool);
    return NULL;
}

/* Wait for the thread's end. False: it hangs. */
static bool wait_for_end(struct spool *spool, int patience_ms)
{
    struct timespec end;
    int result = 0;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += patience_ms / 1000;
    end.tv_nsec += patience_ms % 1000 * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&spool->lock);
    spool->ending = true;
    pthread_cond_signal(&spool->work);
    while (!spool->ended && result == 0)
        result = pthread_cond_timedwait(&spool->rest, &spool->lock, &end);
    bool ended = spool->ended;
    pthread_mutex_unlock(&spool->lock);
    return ended;
}

void spool_destroy(struct spool *spool, int patience_ms)
{
    if (!spool)
        return;
    if (!wait_for_end(spool, patience_ms)) {
        pthread_detach(spool->thread); /* it hangs in the disk, and keeps what it uses */
        return;
    }
    pthread_join(spool->thread, NULL);
    pthread_cond_destroy(&spool->work);
    pthread_cond_destroy(&spool->rest);
    pthread_mutex_destroy(&spool->lock);
    free(spool);
}

/* The stream's end: append to memory. 0 bytes taken is an error to stdio. */
static ssize_t take_bytes(void *context, const char *bytes, size_t length)
{
    struct spool_file *file = context;
    struct buffer *buffer = &file->filling;
    size_t needed = buffer->length + length;

    if (needed > WAITING_MAX) {
        errno = ENOBUFS;
        return 0;
    }
    if (needed > buffer->capacity) {
        size_t capacity = needed < 65536 ? 65536 : 2 * needed;
        char *grown = realloc(buffer->bytes, capacity);
        if (!grown)
            return 0;
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length = needed;
    return (ssize_t)length;
}

struct spool_file *spool_open(struct spool *spool, const char *path)
{
    struct spool_file *file = calloc(1, sizeof *file);
    if (!file)
        return NULL;
    file->spool = spool;
    file->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
    file->stream = file->descriptor == -1
                       ? NULL
                       : fopencookie(file, "w", (cookie_io_functions_t){.write = take_bytes});
    if (!file->stream) {
        int error = errno;
        if (file->descriptor != -1)
            close(file->descriptor);
        free(file);
        errno = error;
        return NULL;
    }
    pthread_mutex_lock(&spool->lock);
    file->next = spool->files;
    spool->files = file;
    pthread_mutex_unlock(&spool->lock);
    return file;
}

FILE *spool_stream(struct spool_file *file)
{
    return file->stream;
}

int spool_flush(struct spool_file *file)
{
    struct spool *spool = file->spool;
    bool full = fflush(file->stream) != 0 || ferror(file->stream);

    pthread_mutex_lock(&spool->lock);
    if (!file->handed && file->filling.length) {
        hand_over(file);
        pthread_cond_signal(&spool->work);
    }
    if (full && !file->error)
        file->error = ENOBUFS;
    int error = file->error;
    pthread_mutex_unlock(&spool->lock);
    return error;
}

void spool_close(struct spool_file *file)
{
    struct spool *spool = file->spool;

    fclose(file->stream);
    pthread_mutex_lock(&spool->lock);
    file->closed = true;
    pthread_cond_signal(&spool->work);
    pthread_mutex_unlock(&spool->lock);
}
