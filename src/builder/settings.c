/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

struct setting *setting_add(struct setting *to, enum setting_kind kind,
                            const char *name, const char *text)
{
    struct setting s = {.kind = kind,
                        .name = name ? strdup(name) : NULL,
                        .text = text ? strdup(text) : NULL};
    struct setting *more = realloc(to->item, (to->n + 1) * sizeof(*more));

    if (more)
        to->item = more;
    if (!more || (name && !s.name) || (text && !s.text)) {
        free(s.name);
        free(s.text);
        return NULL;
    }
    to->item[to->n++] = s;
    return &to->item[to->n - 1];
}

struct setting *setting_put(struct setting *to, const char *name,
                            const char *text)
{
    struct setting *s = setting_find(to, name);
    char *copy;

    if (!s)
        return setting_add(to, SETTING_TEXT, name, text);
    copy = strdup(text);
    if (!copy)
        return NULL;
    free(s->text);
    s->text = copy;
    return s;
}

struct setting *setting_find(const struct setting *in, const char *name)
{
    for (unsigned int i = 0; i < in->n; i++)
        if (in->item[i].name && !strcmp(in->item[i].name, name))
            return &in->item[i];
    return NULL;
}

const char *setting_text(const struct setting *in, const char *name)
{
    const struct setting *s = setting_find(in, name);

    return s ? s->text : NULL;
}

/* As deep as a list of xl's: three levels. */
void setting_dispose(struct setting *s)
{
    for (unsigned int i = 0; i < s->n; i++)
        setting_dispose(&s->item[i]);
    free(s->item);
    free(s->name);
    free(s->where);
    free(s->text);
    *s = (struct setting){0};
}
