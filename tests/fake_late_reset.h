/*
 * fake_late_reset.h - connections that are reset just after somebody has looked whether they stand.
 */
#ifndef HEALTHD_TESTS_FAKE_LATE_RESET_H
#define HEALTHD_TESTS_FAKE_LATE_RESET_H

/* From now on the first look of this process at a socket that was reset finds it well, the second finds the reset. */
void fake_late_reset(void);

/* How many resets have been kept back. */
unsigned fake_late_resets(void);

#endif
