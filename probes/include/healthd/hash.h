/*
 * healthd/hash.h - FNV-1a (Fowler, Noll, Vo): a hash of short texts, the same in each run. Nobody who chooses the
 * texts should gain by a collision.
 */
#ifndef HEALTHD_HASH_H
#define HEALTHD_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HEALTH_HASH_NOTHING UINT64_C(0xcbf29ce484222325)

/* The hash of what `hash` is of, and these bytes behind it. */
static inline uint64_t health_hash_add(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
