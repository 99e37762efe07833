/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"

void facts_set(json_t *facts, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(facts, name, value);
}

static bool is_frame(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && !strcmp(name + len - 4, "_mfn");
}

static void print_words(json_t *words)
{
    json_t *word;
    size_t i;

    json_array_foreach(words, i, word)
        printf("%s%s", i ? " " : "", json_string_value(word));
    putchar('\n');
}

static void print_fact(const char *name, json_t *value)
{
    printf("%-16s: ", name);
    if (json_is_integer(value) && is_frame(name))
        printf("%#" PRIx64 "\n", (uint64_t)json_integer_value(value));
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else if (json_is_real(value))
        printf("%.1f\n", json_real_value(value));
    else if (json_is_boolean(value))
        puts(json_is_true(value) ? "yes" : "no");
    else if (json_is_array(value))
        print_words(value);
    else
        puts(json_string_value(value));
}

int facts_print(struct diag *dg, json_t *facts, bool json)
{
    const char *name;
    json_t *value;

    if (json)
        return cmd_print_json(dg, facts);
    json_object_foreach(facts, name, value) print_fact(name, value);
    json_decref(facts);
    return 0;
}
