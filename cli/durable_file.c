/*
 * durable_file.c - a small file, replaced as a whole.
 *
 * The text goes into a file beside it, onto the disk, and takes the name then. The lock is held for handing over
 * alone, never while anything is written.
 */
#include "durable_file.h"

#include <healthd/thread.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 1000
#define SIZE_MAX_READ \
    (16u << 20) /* of a file to read: what is said of a node is some hundred bytes */

struct durable_file {
    char *path;
    char *beside; /* where the new text goes first */
    char *folder;
    const struct durable_form *form;
    int descriptor; /* counts what is written */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* what follows is under the lock */
    void *waiting;          /* what is to be written; NULL: nothing */
    uint64_t handed;        /* its number, or that of the latest */
    uint64_t written;
    int error;
    bool ending;
    bool ended;
};

/* ---- Reading ---- */

char *durable_file_read(const char *path, int *ret_error)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length = file ? getdelim(&text, &capacity, '\0', file) : -1;

    errno = file && !ferror(file) ? 0 : errno;
    *ret_error = errno;
    if (file && length == -1 && feof(file)) { /* it is empty */
        free(text);
        text = strdup("");
        length = 0;
    }
    if (file)
        fclose(file);
    if (length >= 0 && length <= SIZE_MAX_READ)
        return text;
    free(text);
    if (length > SIZE_MAX_READ)
        *ret_error = EFBIG;
    return NULL;
}

/* ---- The thread ---- */

static bool write_all(int descriptor, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t more = write(descriptor, text, left);
        if (more == -1 && errno != EINTR)
            return false;
        text += more > 0 ? more : 0;
        left -= more > 0 ? (size_t)more : 0;
    }
    return true;
}

/* A name is on the disk when its folder is. */
static bool settle_name(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = descriptor != -1 && fsync(descriptor) == 0;
    if (descriptor != -1)
        close(descriptor);
    return good;
}

/* 0, or why not. */
static int replace(const struct durable_file *file, const char *text)
{
    if (!text)
        return ENOMEM;
    int descriptor = open(file->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (descriptor == -1)
        return errno;
    bool good = write_all(descriptor, text) && fsync(descriptor) == 0;
    int error = errno;
    close(descriptor);
    if (!good || rename(file->beside, file->path) == -1) {
        error = good ? errno : error;
        unlink(file->beside);
        return error;
    }
    return settle_name(file->folder) ? 0 : errno;
}

static struct timespec time_in(int ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += ms % 1000 * 1000000L;
    time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000L;
    time.tv_nsec %= 1000000000L;
    return time;
}

/* Whoever waits looks how it went: a failure has to be known before the next try. */
static void tell_tried(const struct durable_file *file)
{
    const uint64_t one = 1;
    (void)!write(file->descriptor, &one, sizeof one); /* it only fails where it is high already */
}

/* Write what waits; with the lock held before and after. A failure waits again, unless there is a newer. */
static void write_waiting(struct durable_file *file)
{
    void *content = file->waiting;
    const uint64_t number = file->handed;

    file->waiting = NULL;
    pthread_mutex_unlock(&file->lock);
    char *text = file->form->print(content);
    int error = replace(file, text);
    free(text);
    pthread_mutex_lock(&file->lock);
    file->error = error;
    if (!error)
        file->written = number;
    tell_tried(file);
    if (!error || file->waiting) {
        file->form->discard(content);
        return;
    }
    const struct timespec again = time_in(AGAIN_MS);
    file->waiting = content;
    if (!file->ending)
        pthread_cond_timedwait(&file->changed, &file->lock, &again);
}

static void *run(void *context)
{
    struct durable_file *file = context;

    pthread_mutex_lock(&file->lock);
    while (file->waiting ? !(file->ending && file->error) : !file->ending)
        if (file->waiting)
            write_waiting(file);
        else
            pthread_cond_wait(&file->changed, &file->lock);
    file->ended = true;
    pthread_cond_signal(&file->changed);
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

/* ---- The loop's side ---- */

static void discard(struct durable_file *file)
{
    free(file->path);
    free(file->beside);
    free(file->folder);
    if (file->waiting)
        file->form->discard(file->waiting);
    if (file->descriptor != -1)
        close(file->descriptor);
    free(file);
}

static bool name_all(struct durable_file *file, const char *path)
{
    const char *slash = strrchr(path, '/');

    file->path = strdup(path);
    file->folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    return file->path && file->folder && asprintf(&file->beside, "%s.new", path) != -1;
}

struct durable_file *durable_file_create(const char *path, const struct durable_form *form)
{
    struct durable_file *file = calloc(1, sizeof *file);
    pthread_condattr_t monotonic;

    if (!file)
        return NULL;
    file->form = form;
    file->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&file->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&file->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (file->descriptor != -1 && name_all(file, path) &&
        health_thread_start(run, file, 0, &file->thread) == 0)
        return file;
    discard(file);
    return NULL;
}

/* Wait for the thread's end. False: it hangs. */
static bool wait_for_end(struct durable_file *file, int patience_ms)
{
    const struct timespec end = time_in(patience_ms);
    int result = 0;

    pthread_mutex_lock(&file->lock);
    file->ending = true;
    pthread_cond_signal(&file->changed);
    while (!file->ended && result == 0)
        result = pthread_cond_timedwait(&file->changed, &file->lock, &end);
    bool ended = file->ended;
    pthread_mutex_unlock(&file->lock);
    return ended;
}

void durable_file_destroy(struct durable_file *file, int patience_ms)
{
    if (!file)
        return;
    if (!wait_for_end(file, patience_ms)) {
        pthread_detach(file->thread); /* it hangs in the disk, and keeps what it uses */
        return;
    }
    pthread_join(file->thread, NULL);
    pthread_cond_destroy(&file->changed);
    pthread_mutex_destroy(&file->lock);
    discard(file);
}

uint64_t durable_file_write(struct durable_file *file, void *content)
{
    pthread_mutex_lock(&file->lock);
    if (file->waiting)
        file->form->discard(file->waiting);
    file->waiting = content;
    uint64_t number = ++file->handed;
    pthread_cond_signal(&file->changed);
    pthread_mutex_unlock(&file->lock);
    return number;
}

uint64_t durable_file_written(struct durable_file *file)
{
    pthread_mutex_lock(&file->lock);
    uint64_t written = file->written;
    pthread_mutex_unlock(&file->lock);
    return written;
}

int durable_file_descriptor(const struct durable_file *file)
{
    return file->descriptor;
}

int durable_file_error(struct durable_file *file)
{
    pthread_mutex_lock(&file->lock);
    int error = file->error;
    pthread_mutex_unlock(&file->lock);
    return error;
}
