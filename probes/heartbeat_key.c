/*
 * heartbeat_key.c - the shared key, and HMAC-SHA256 with it.
 */
#include "heartbeat_wire.h"

#include <healthd/secret.h>
#include <openssl/core_names.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct wire_key {
    EVP_MAC_CTX *mac; /* initialised with the key; each HMAC begins it anew */
};

struct wire_key *wire_key_create(const void *bytes, size_t size)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    if (size < HEALTH_KEY_MIN)
        return NULL;
    struct wire_key *key = calloc(1, sizeof *key);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (key && hmac)
        key->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    if (!key || !key->mac || EVP_MAC_init(key->mac, bytes, size, parameters) != 1) {
        wire_key_destroy(key);
        return NULL;
    }
    return key;
}

void wire_key_destroy(struct wire_key *key)
{
    if (!key)
        return;
    EVP_MAC_CTX_free(key->mac);
    free(key);
}

bool wire_mac(const struct wire_key *key, const char *text, size_t length,
              unsigned char ret_mac[WIRE_MAC_SIZE])
{
    size_t size = 0;
    return EVP_MAC_init(key->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(key->mac, (const unsigned char *)text, length) == 1 &&
           EVP_MAC_final(key->mac, ret_mac, &size, WIRE_MAC_SIZE) == 1 && size == WIRE_MAC_SIZE;
}

static void say(health_remark *remark, void *context, const char *path, const char *what)
{
    char text[512];
    snprintf(text, sizeof text, "key file %s: %s", path, what);
    remark(context, HEALTH_NODE_NONE, text);
}

struct wire_key *wire_key_read(const char *path, health_remark *remark, void *context)
{
    char bytes[HEALTH_KEY_SIZE];
    size_t size;
    struct stat status;
    struct wire_key *key = NULL;
    const char *why = health_key_read(path, bytes, &size);

    if (!why) {
        key = wire_key_create(bytes, size);
        why = key ? NULL : "it cannot be used: the cryptographic library has no HMAC";
    }
    if (why)
        say(remark, context, path, why);
    else if (stat(path, &status) == 0 && status.st_mode & S_IROTH)
        say(remark, context, path, "everybody on this machine can read it: chmod o-rwx it");
    OPENSSL_cleanse(bytes, sizeof bytes);
    return key;
}
