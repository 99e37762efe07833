/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/paste.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memmap/lines.h"

/* Of logs, which are ten times smaller at most. */
#define MAX_BYTES ((size_t)32 << 20)

int paste_parse(struct paste *paste, const char *name, const char *text,
                size_t size)
{
    struct lines lines;
    int rc;

    *paste = (struct paste){.name = name};
    maps_begin(&paste->maps);
    if (memchr(text, '\0', size))
        return -EILSEQ;
    lines_begin(&lines, text, size);
    while ((rc = lines_next(&lines)) > 0) {
        size_t before = paste->maps.entries;

        maps_line(&paste->maps, lines.nr, lines.text, lines.len);
        if (lines.joined && paste->maps.entries > before && !paste->joined++)
            paste->joined_line = lines.nr;
        mtrr_text_line(&paste->mtrr, lines.nr, lines.text, lines.len);
        rc = paste->maps.rc ? paste->maps.rc : paste->mtrr.rc;
        if (rc)
            break;
    }
    lines_dispose(&lines);
    if (!rc)
        maps_end(&paste->maps);
    return rc ? rc : paste->maps.rc;
}

/* -EFBIG: it is too large. */
static int read_all(FILE *file, char **text, size_t *size)
{
    size_t room = 0, n;
    char *more;

    *text = NULL;
    *size = 0;
    do {
        room = room ? 2 * room : 65536;
        more = room > MAX_BYTES ? NULL : realloc(*text, room);
        if (!more)
            return room > MAX_BYTES ? -EFBIG : -ENOMEM;
        *text = more;
        errno = 0;
        n = fread(*text + *size, 1, room - *size, file);
        *size += n;
        if (ferror(file))
            return errno ? -errno : -EIO;
    } while (*size == room);
    return 0;
}

static int fail(struct diag *dg, const char *name, int rc)
{
    switch (rc) {
    case -EILSEQ:
        return diag_fail(dg, DW_CONFIG, rc, "%s: there are NUL bytes in it",
                         name);
    case -E2BIG:
        return diag_fail(dg, DW_CONFIG, rc,
                         "%s: more entries than any machine has", name);
    case -ENOMEM:
        return diag_fail(dg, DW_FAILED, rc, "out of memory");
    case -EFBIG:
        return diag_fail(dg, DW_CONFIG, rc, "%s: more than %zu MiB", name,
                         MAX_BYTES >> 20);
    default:
        return diag_fail(dg, DW_CONFIG, rc, "%s: %s", name, strerror(-rc));
    }
}

int paste_read(struct paste *paste, const char *name, struct diag *dg)
{
    bool is_stdin = !strcmp(name, "-");
    FILE *file = is_stdin ? stdin : fopen(name, "re");
    char *text = NULL;
    size_t size = 0;
    int rc = file ? read_all(file, &text, &size) : -errno;

    *paste = (struct paste){.name = name};
    name = is_stdin ? "standard input" : name;
    if (!rc)
        rc = paste_parse(paste, name, text, size);
    free(text);
    if (file && !is_stdin)
        fclose(file);
    return rc ? fail(dg, name, rc) : 0;
}

void paste_dispose(struct paste *paste)
{
    maps_dispose(&paste->maps);
    mtrr_text_dispose(&paste->mtrr);
}
