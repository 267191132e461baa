/*
 * fake_greeter.c - a server that is no Redis.
 */
#include "fake_greeter.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GUESTS_MAX 64

static void *greet(void *argument)
{
    const struct fake_greeter *greeter = argument;
    int guests[GUESTS_MAX];
    int count = 0;

    while (count < GUESTS_MAX && (guests[count] = accept(greeter->fd, NULL, NULL)) >= 0) {
        send(guests[count], greeter->greeting, strlen(greeter->greeting), MSG_NOSIGNAL);
        count++;
    }
    while (count > 0)
        close(guests[--count]);
    return NULL;
}

void fake_greeter_start(struct fake_greeter *greeter, const char *greeting)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;

    greeter->greeting = greeting;
    greeter->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (greeter->fd < 0 || bind(greeter->fd, (struct sockaddr *)&address, size) < 0 ||
        getsockname(greeter->fd, (struct sockaddr *)&address, &size) < 0 ||
        listen(greeter->fd, 8) < 0 || pthread_create(&thread, NULL, greet, greeter) != 0)
        abort();
    greeter->thread = thread;
    snprintf(greeter->address, sizeof greeter->address, "127.0.0.1:%d", ntohs(address.sin_port));
}

void fake_greeter_stop(struct fake_greeter *greeter)
{
    shutdown(greeter->fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(greeter->thread, NULL);
    close(greeter->fd);
}
