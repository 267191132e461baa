/*
 * healthd/uuid.h - UUIDs as text.
 */
#ifndef HEALTHD_UUID_H
#define HEALTHD_UUID_H

#include <healthd/observation.h>

#define UUID_TEXT_SIZE 37 /* with the final 0 */

/* 36 characters. False: it is none. */
bool uuid_parse(const char *text, struct health_uuid *ret_uuid);
void uuid_format(const struct health_uuid *uuid, char text[UUID_TEXT_SIZE]);

#endif
