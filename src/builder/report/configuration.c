/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/configuration.h"

#include <stdlib.h>

static json_t *items_json(const struct setting *s)
{
    bool object = s->kind == SETTING_PARTS;
    json_t *all = object ? json_object() : json_array();

    for (unsigned int i = 0; all && i < s->n; i++) {
        const struct setting *item = &s->item[i];
        int r = object
                    ? json_object_set_new(all, item->name, settings_json(item))
                    : json_array_append_new(all, settings_json(item));

        if (r) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

json_t *settings_json(const struct setting *s)
{
    switch (s->kind) {
    case SETTING_TEXT:
        return json_string(s->text);
    case SETTING_NUMBER:
        return json_integer(strtoll(s->text, NULL, 10));
    case SETTING_FLAG:
        return json_true();
    case SETTING_LIST:
    case SETTING_PARTS:
        break;
    }
    return items_json(s);
}
