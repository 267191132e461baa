/*
 * fake_servers COUNT - a house of fake servers for tests that are scripts.
 *
 * Prints "ports P1 P2 ..." first, then "asked N NS" for each question that server N was asked, with the time of
 * CLOCK_MONOTONIC (to a millisecond). Reads commands: "gone N" (its connections are reset, and it refuses;
 * answered by "gone N NS") and "well N". Ends with its input.
 */
#include "fake_mysqld.h"

#include <healthd/observer.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_MAX 32

static struct fake_house house;

static void obey(char *line)
{
    char word[16] = "";
    unsigned number = 0;

    if (sscanf(line, "%15s %u", word, &number) != 2 || number >= house.count)
        exit(2);
    if (strcmp(word, "gone") == 0) {
        house.fakes[number].to_end = 2;
        fake_behave(&house, number, FAKE_REFUSES);
        printf("gone %u %lld\n", number, (long long)health_clock_ns());
    } else {
        fake_behave(&house, number, FAKE_WELL);
    }
}

static void tell_asked(unsigned *told)
{
    for (unsigned i = 0; i < house.count; i++) {
        unsigned asked = house.fakes[i].light + house.fakes[i].views;
        if (asked != told[i])
            printf("asked %u %lld\n", i, (long long)health_clock_ns());
        told[i] = asked;
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    unsigned told[COUNT_MAX] = {0};
    unsigned count = argc == 2 ? (unsigned)atoi(argv[1]) : 0;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[64];

    if (!count || count > COUNT_MAX)
        return 2;
    setvbuf(stdin, NULL, _IONBF, 0);
    fake_house_open(&house, count);
    printf("ports");
    for (unsigned i = 0; i < count; i++)
        printf(" %u", house.fakes[i].port);
    printf("\n");
    for (;;) {
        tell_asked(told);
        if (poll(&input, 1, 1) != 1)
            continue;
        if (!fgets(line, sizeof line, stdin))
            break;
        obey(line);
    }
    fake_house_close(&house);
    return 0;
}
