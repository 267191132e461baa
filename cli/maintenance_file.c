/*
 * maintenance_file.c - the file of who is in maintenance.
 *
 * The text goes into a file beside it, onto the disk, and takes the name then. The lock is held for handing over
 * alone, never while anything is written.
 */
#include "maintenance_file.h"

#include "maintenance_text.h"

#include <healthd/thread.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 1000
#define SIZE_MAX_READ \
    (16u << 20) /* of a file to read: a name and a reason are some hundred bytes */

struct maintenance_file {
    char *path;
    char *beside; /* where the new text goes first */
    char *folder;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;            /* what follows is under the lock */
    bool wanted;                       /* there is something to be written: */
    struct maintenance_entry *waiting; /* this list */
    int error;
    bool ending;
    bool ended;
};

/* ---- Reading ---- */

char *maintenance_file_read(const char *path, int *ret_error)
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
static int replace(const struct maintenance_file *file, const char *text)
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

/* Write what waits; with the lock held before and after. A failure waits again, unless there is a newer. */
static void write_waiting(struct maintenance_file *file)
{
    struct maintenance_entry *list = file->waiting;

    file->waiting = NULL;
    file->wanted = false;
    pthread_mutex_unlock(&file->lock);
    char *text = maintenance_print(list);
    int error = replace(file, text);
    free(text);
    pthread_mutex_lock(&file->lock);
    file->error = error;
    if (!error || file->wanted) {
        free(list);
        return;
    }
    const struct timespec again = time_in(AGAIN_MS);
    file->waiting = list;
    file->wanted = true;
    if (!file->ending)
        pthread_cond_timedwait(&file->changed, &file->lock, &again);
}

static void *run(void *context)
{
    struct maintenance_file *file = context;

    pthread_mutex_lock(&file->lock);
    while (file->wanted ? !(file->ending && file->error) : !file->ending)
        if (file->wanted)
            write_waiting(file);
        else
            pthread_cond_wait(&file->changed, &file->lock);
    file->ended = true;
    pthread_cond_signal(&file->changed);
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

/* ---- The loop's side ---- */

static void discard(struct maintenance_file *file)
{
    free(file->path);
    free(file->beside);
    free(file->folder);
    free(file->waiting);
    free(file);
}

static bool name_all(struct maintenance_file *file, const char *path)
{
    const char *slash = strrchr(path, '/');

    file->path = strdup(path);
    file->folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    return file->path && file->folder && asprintf(&file->beside, "%s.new", path) != -1;
}

struct maintenance_file *maintenance_file_create(const char *path)
{
    struct maintenance_file *file = calloc(1, sizeof *file);
    pthread_condattr_t monotonic;

    if (!file)
        return NULL;
    pthread_mutex_init(&file->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&file->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (name_all(file, path) && health_thread_start(run, file, 0, &file->thread) == 0)
        return file;
    discard(file);
    return NULL;
}

/* Wait for the thread's end. False: it hangs. */
static bool wait_for_end(struct maintenance_file *file, int patience_ms)
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

void maintenance_file_destroy(struct maintenance_file *file, int patience_ms)
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

bool maintenance_file_write(struct maintenance_file *file, const struct maintenance_entry *first)
{
    struct maintenance_entry *copy = NULL;

    if (!maintenance_copy(first, &copy))
        return false;
    pthread_mutex_lock(&file->lock);
    free(file->waiting);
    file->waiting = copy;
    file->wanted = true;
    pthread_cond_signal(&file->changed);
    pthread_mutex_unlock(&file->lock);
    return true;
}

int maintenance_file_error(struct maintenance_file *file)
{
    pthread_mutex_lock(&file->lock);
    int error = file->error;
    pthread_mutex_unlock(&file->lock);
    return error;
}
