/*
 * fake_guest.h - those who are connected to the fakes of a house: what they are told, and how badly.
 */
#ifndef HEALTHD_TESTS_FAKE_GUEST_H
#define HEALTHD_TESTS_FAKE_GUEST_H

#include "fake_mysqld.h"

struct guest;

/* Greet one, in the fake's manner. NULL: it has been turned away. */
struct guest *fake_guest_take(struct fake_mysqld *fake, int fd);

/* It has said something, or has ended. */
void fake_guest_hear(struct guest *guest);

/* Say all that is due; gives the milliseconds until the next is, -1: none. */
int fake_guests_speak(void);

/* End the connections of those fakes whose test wants it. */
void fake_guests_end(void);

#endif
