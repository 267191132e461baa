/*
 * picture.c - see picture.h.
 */
#include "picture.h"

#include "wall_time.h"

#include <healthd/reason.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_S 1000

const cJSON *picture_get(const cJSON *json, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(json, key);
}

const cJSON *picture_first(const cJSON *list)
{
    return list ? list->child : NULL;
}

const char *picture_text(const cJSON *json, const char *key)
{
    const char *text = cJSON_GetStringValue(picture_get(json, key));
    return text ? text : "-";
}

bool picture_number(const cJSON *json, const char *key, double *ret_number)
{
    const cJSON *value = picture_get(json, key);
    if (!cJSON_IsNumber(value))
        return false;
    *ret_number = value->valuedouble;
    return true;
}

static bool picture_yes(const cJSON *json, const char *key)
{
    return cJSON_IsTrue(picture_get(json, key));
}

bool picture_no(const cJSON *json, const char *key)
{
    return cJSON_IsFalse(picture_get(json, key));
}

const char *picture_answer(const cJSON *json, const char *key)
{
    return picture_yes(json, key) ? "yes" : picture_no(json, key) ? "no" : "not known";
}

const char *picture_reason(const cJSON *json, const char *key)
{
    const char *name = picture_text(json, key);
    for (unsigned i = 0; i < HEALTH_REASON_COUNT; i++)
        if (strcmp(name, health_reason_name((enum health_reason)i)) == 0)
            return health_reason_text((enum health_reason)i);
    return name;
}

bool picture_is_silent(const cJSON *witness)
{
    double age_ms;
    return strcmp(picture_text(witness, "says"), "none") == 0 &&
           picture_number(witness, "age_ms", &age_ms);
}

bool picture_view(const cJSON *view, char text[PICTURE_VIEW_MAX])
{
    double conf_id, size;

    if (!picture_number(view, "conf_id", &conf_id) || !picture_number(view, "size", &size))
        return false;
    snprintf(text, PICTURE_VIEW_MAX, "%.0f (#%.0f)", size, conf_id);
    return true;
}

bool picture_donates(const cJSON *node)
{
    return strcmp(picture_text(node, "reason"), "donor") == 0 &&
           strcmp(picture_answer(node, "routable"), "yes") == 0;
}

/* One reason stands for two causes, of which the document tells one. */
const char *picture_unroutable(const cJSON *node)
{
    bool ours = cJSON_IsObject(picture_get(node, "maintenance"));

    if (strcmp(picture_text(node, "routable_reason"), "maintenance") != 0)
        return picture_reason(node, "routable_reason");
    return ours ? "an operator has taken it out of service" : "pxc_maint_mode says so";
}

const char *picture_plural(double count)
{
    return count == 1 ? "" : "s";
}

void picture_span(int64_t ms, char text[PICTURE_SPAN_MAX])
{
    const int64_t s = (ms > 0 ? ms : 0) / MS_PER_S;
    static const struct {
        int64_t seconds;
        int64_t part;
        const char *unit, *part_unit;
    } units[] = {{86400, 3600, "d", "h"}, {3600, 60, "h", "m"}, {60, 1, "m", "s"}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (s >= units[i].seconds) {
            snprintf(text, PICTURE_SPAN_MAX, "%" PRId64 "%s%" PRId64 "%s", s / units[i].seconds,
                     units[i].unit, s % units[i].seconds / units[i].part, units[i].part_unit);
            return;
        }
    snprintf(text, PICTURE_SPAN_MAX, "%" PRId64 "s", s);
}

void picture_since(const cJSON *document, const cJSON *json, const char *key,
                   char text[PICTURE_SPAN_MAX])
{
    int64_t now_ns, then_ns;

    if (wall_time_parse(picture_text(document, "time"), &now_ns) &&
        wall_time_parse(picture_text(json, key), &then_ns))
        picture_span((now_ns - then_ns) / HEALTH_NS_PER_MS, text);
    else
        snprintf(text, PICTURE_SPAN_MAX, "-");
}
