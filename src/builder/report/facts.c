/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/facts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "report/domain.h"
#include "text.h"

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

static void print_words(json_t *words, FILE *out)
{
    json_t *word;
    size_t i;

    json_array_foreach(words, i, word)
        fprintf(out, "%s%s", i ? " " : "", json_string_value(word));
    fputc('\n', out);
}

/* Other toolstacks' words are among them. */
static void print_text(const char *text, FILE *out)
{
    char shown[DOMAIN_NAME];

    text_escape(shown, sizeof(shown), text);
    fprintf(out, "%s\n", shown);
}

static void print_fact(const char *name, json_t *value, FILE *out)
{
    fprintf(out, "%-16s: ", name);
    if (json_is_integer(value) && is_frame(name))
        fprintf(out, "%#" PRIx64 "\n", (uint64_t)json_integer_value(value));
    else if (json_is_integer(value))
        fprintf(out, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else if (json_is_real(value))
        fprintf(out, "%.1f\n", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes\n" : "no\n", out);
    else if (json_is_array(value))
        print_words(value, out);
    else
        print_text(json_string_value(value), out);
}

void facts_print(json_t *facts, FILE *out)
{
    const char *name;
    json_t *value;

    json_object_foreach(facts, name, value) print_fact(name, value, out);
}
