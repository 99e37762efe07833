/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/xl_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/libvirt.h"
#include "text.h"

/* More than any configuration; it keeps a device file from filling memory. */
#define MAX_FILE (256 * 1024)

/* An argument that is longer is not shown in full. */
#define MAX_SHOWN 60

/* The file, or one argument. */
struct part {
    char *text; /* ends in a newline and a NUL; none of either inside */
    size_t len;
    char *source; /* what messages about it begin with */
    bool argument;
    bool changed;          /* it is not what was read */
    struct libvirt_xl xml; /* of which its lines are made; none: nr is 0 */
};

struct parser {
    struct config *cfg;
    struct diag *dg;
    struct part *parts;
    int n_parts;
};

/*
 * The one function of libxenlight that libxlutil's readers refer to.  Defined
 * here, as there, it keeps libxenlight and what that needs out of the program,
 * a fifth of the time that it takes to start.
 */
void libxl_defbool_set(libxl_defbool *db, bool b)
{
    db->val = b ? 1 : -1;
}

static int out_of_memory(struct diag *dg)
{
    return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
}

/* ---- reading ---- */

static int read_all(int fd, char *text, size_t *len)
{
    ssize_t got;

    *len = 0;
    do {
        got = read(fd, text + *len, MAX_FILE + 1 - *len);
        if (got < 0)
            return -errno;
        *len += (size_t)got;
        if (*len > MAX_FILE)
            return -EFBIG;
    } while (got);
    return 0;
}

static int read_path(const char *path, char *text, size_t *len)
{
    int fd, rc;

    if (!strcmp(path, "-"))
        return read_all(STDIN_FILENO, text, len);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    rc = read_all(fd, text, len);
    close(fd);
    return rc;
}

/*
 * As xl's parser wants it: without the byte-order mark and the carriage returns
 * of other systems' editors, and with a newline at the end.  What stands there
 * without one, its scanner drops: the error that it is in the midst of telling,
 * as for the G of "memory=2G", or a comment.
 */
static void normalise(struct part *part)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t from = 0, to = 0, len = part->len;

    if (part->len >= 3 && !memcmp(part->text, mark, 3))
        from = 3;
    for (; from < part->len; from++)
        if (part->text[from] != '\r' ||
            (from + 1 < part->len && part->text[from + 1] != '\n'))
            part->text[to++] = part->text[from];
    if (!to || part->text[to - 1] != '\n')
        part->text[to++] = '\n';
    part->text[to] = '\0';
    part->len = to;
    part->changed = to != len;
}

/* The line of the file that a line of the text comes from. */
static unsigned long file_line(const struct part *part, unsigned long line)
{
    return line > 0 && line <= part->xml.nr ? part->xml.line[line - 1] : line;
}

/* libvirt's XML becomes xl's text. */
static int translate(struct parser *ps, struct part *part)
{
    int rc = config_libvirt_read(ps->cfg, part->source, part->text, part->len,
                                 &part->xml, ps->dg);

    if (rc)
        return rc;
    free(part->text);
    part->len = strlen(part->xml.text);
    part->text = malloc(part->len + 2);
    if (!part->text)
        return out_of_memory(ps->dg);
    memcpy(part->text, part->xml.text, part->len);
    return 0;
}

/* Nothing of xl's begins so. */
static bool is_json(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '{';
}

static int read_file(struct parser *ps, const char *path)
{
    enum config_format format = ps->cfg->format;
    struct part *part = &ps->parts[0];
    bool xml;
    int rc;

    part->source = strdup(ps->cfg->source);
    part->text = malloc(MAX_FILE + 2);
    if (!part->source || !part->text)
        return out_of_memory(ps->dg);
    rc = read_path(path, part->text, &part->len);
    if (rc == -EFBIG)
        return diag_fail(ps->dg, DW_CONFIG, rc,
                         "cannot read %s: more than %d KiB", part->source,
                         MAX_FILE >> 10);
    if (rc)
        return diag_fail(ps->dg, DW_CONFIG, rc, "cannot read %s: %s",
                         part->source, strerror(-rc));
    if (format == CONFIG_BY_CONTENT && is_json(part->text))
        return diag_fail(ps->dg, DW_CONFIG, -EINVAL,
                         "%s: it is JSON, which convert writes and does not "
                         "read",
                         part->source);
    xml = format == CONFIG_LIBVIRT ||
          (format == CONFIG_BY_CONTENT && config_is_xml(part->text, part->len));
    if (xml)
        rc = translate(ps, part);
    if (rc)
        return rc;
    normalise(part);
    part->changed |= xml;
    ps->cfg->is_xml = xml;
    return 0;
}

static int read_argument(struct parser *ps, struct part *part,
                         const char *argument)
{
    int shown = strlen(argument) > MAX_SHOWN ? MAX_SHOWN - 3 : MAX_SHOWN;

    part->argument = true;
    part->len = strlen(argument);
    part->text = malloc(part->len + 2);
    if (asprintf(&part->source, "argument '%.*s%s'", shown, argument,
                 shown < MAX_SHOWN ? "..." : "") < 0)
        part->source = NULL;
    if (!part->source || !part->text)
        return out_of_memory(ps->dg);
    memcpy(part->text, argument, part->len);
    normalise(part);
    return 0;
}

/* ---- what the parser does not take ---- */

/* A line about `part`, and its line `line`; an argument is named as a whole. */
static int complain(struct parser *ps, const struct part *part,
                    unsigned long line, const char *what)
{
    int rc;

    if (part->argument)
        rc =
            diag_fail(ps->dg, DW_CONFIG, -EINVAL, "%s: %s", part->source, what);
    else
        rc = diag_fail(ps->dg, DW_CONFIG, -EINVAL, "%s:%lu: %s", part->source,
                       file_line(part, line), what);
    diag_next(ps->dg);
    return rc;
}

/* No text holds them, and libxlutil aborts on some. */
static int check_bytes(struct parser *ps, const struct part *part)
{
    unsigned long line = 1;
    char what[64];
    size_t i;

    for (i = 0; i < part->len; i++) {
        unsigned char c = (unsigned char)part->text[i];

        if (c == '\n')
            line++;
        else if ((c < ' ' && c != '\t') || c == 0x7f) {
            snprintf(what, sizeof(what), "a control character, 0x%02x", c);
            return complain(ps, part, line, what);
        }
    }
    return 0;
}

static const char *find_line(const char *text, unsigned long line)
{
    while (--line && (text = strchr(text, '\n')))
        text++;
    return text;
}

/* "memory = 2G": the parser says no more than that it does not like the G. */
static bool has_unit(const struct part *part, unsigned long line, char key[32])
{
    const char *text = find_line(part->text, line);
    char unit[2];

    return text &&
           sscanf(text, " %31[a-z] = %*[0-9]%1[a-wyzA-Z]", key, unit) == 2 &&
           (!strcmp(key, "memory") || !strcmp(key, "maxmem"));
}

/* "memory = -1", "vcpus = 2.5": no number of xl's. */
static bool has_odd_number(const struct part *part, unsigned long line,
                           char key[32])
{
    const char *text = find_line(part->text, line);
    char sign[2];

    return text && (sscanf(text, " %31[a-z_] = %1[-]%*[0-9]", key, sign) == 2 ||
                    sscanf(text, " %31[a-z_] = %*[0-9]%1[.]", key, sign) == 2);
}

/* Has the library said that of the text?  It needs three lines for it. */
static const char python_mark[] = "warning: Config file looks like it";
static const char python[] =
    "; it looks like Python code, which xl's files are no longer: see "
    "https://wiki.xen.org/wiki/PythonInXlConfig";

/*
 * One line of the parser's: ":LINE: what".  *advice, what it has to say of the
 * whole, goes with the first line that is no better known here.
 */
static int retell(struct parser *ps, const struct part *part, char *told,
                  const char **advice)
{
    unsigned long line;
    char key[32], better[512];
    char *what;

    if (*told != ':')
        return -EINVAL;
    line = strtoul(told + 1, &what, 10);
    what += strspn(what, ": ");
    if (has_unit(part, line, key)) {
        snprintf(better, sizeof(better),
                 "%s: a number of MiB is wanted, without a unit", key);
    } else if (has_odd_number(part, line, key)) {
        snprintf(better, sizeof(better),
                 "%s: a whole number from 0 up is wanted", key);
    } else {
        snprintf(better, sizeof(better), "%.300s%s", what, *advice);
        *advice = "";
    }
    return complain(ps, part, line, better);
}

static int retell_all(struct parser *ps, const struct part *part, char *report)
{
    const char *advice = strstr(report, python_mark) ? python : "";
    char *rest = report, *told;
    int rc = -EINVAL;

    while ((told = strsep(&rest, "\n")))
        if (*told)
            rc = retell(ps, part, told, &advice);
    diag_next(ps->dg);
    return rc;
}

static int parse_into(const struct part *part, FILE *report_file,
                      XLU_Config **xlu)
{
    int err;

    *xlu = xlu_cfg_init(report_file, "");
    if (!*xlu)
        return -ENOMEM;
    err = xlu_cfg_readdata(*xlu, part->text, (int)part->len);
    return -err;
}

/* Parses into *xlu, which is NULL on failure. */
static int parse(struct parser *ps, const struct part *part, XLU_Config **xlu)
{
    char *report = NULL;
    size_t len;
    FILE *file = open_memstream(&report, &len);
    int rc = file ? parse_into(part, file, xlu) : -ENOMEM;

    if (file)
        fclose(file);
    if (rc == -ENOMEM)
        rc = out_of_memory(ps->dg);
    else if (rc)
        rc = retell_all(ps, part, report);
    if (rc) {
        xlu_cfg_destroy(*xlu);
        *xlu = NULL;
    }
    free(report);
    return rc;
}

/* ---- its keys: libxlutil can look a key up, but not list them ---- */

static int add_key(struct parser *ps, const struct part *part, const char *key,
                   size_t len, unsigned int line)
{
    char *where = NULL;
    int rc;

    if (!part->argument &&
        asprintf(&where, "%s:%lu", part->source, file_line(part, line)) < 0)
        return out_of_memory(ps->dg);
    rc = config_add_place(ps->cfg, key, len, where ? where : part->source);
    free(where);
    return rc ? out_of_memory(ps->dg) : 0;
}

/* The length of the quoted string at p, its quotes included. */
static size_t quoted(const char *p, const char *end)
{
    const char *q = p + 1;

    while (q < end && *q != *p)
        q += *q == '\\' ? 2 : 1;
    return (size_t)(q - p) + 1;
}

/* Notes how the value of the last key is written. */
static void note_form(struct config *cfg, const char *p, size_t n,
                      unsigned int depth)
{
    struct config_place *place =
        cfg->n_places ? &cfg->places[cfg->n_places - 1] : NULL;

    if (!place)
        return;
    place->append |= *p == '+';
    place->remark |= *p == '#' && depth > 0;
    place->bare |= *p >= '0' && *p <= '9' && !depth;
    place->escape |= (*p == '"' || *p == '\'') && memchr(p, '\\', n);
}

/*
 * Notes the keys of a text that libxlutil has parsed without complaint: in it
 * a bare word is a key, whatever surrounds it.
 */
static int find_keys(struct parser *ps, const struct part *part)
{
    static const char number[] = "0123456789abcdefx";
    static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789._";
    const char *p = part->text, *end = p + part->len;
    unsigned int line = 1, depth = 0;
    size_t n;
    int rc;

    while (p < end) {
        n = 1;
        if (*p == '\n') {
            line++;
        } else if (*p == '[' || *p == ']') {
            depth += *p == '[' ? 1 : -1u;
        } else if (*p == '#') {
            n = strcspn(p, "\n");
        } else if (*p == '"' || *p == '\'') {
            n = quoted(p, end);
        } else if (*p >= '0' && *p <= '9') {
            n = strspn(p, number);
        } else if (*p >= 'a' && *p <= 'z') {
            n = strspn(p, word);
            rc = add_key(ps, part, p, n, line);
            if (rc)
                return rc;
        }
        note_form(ps->cfg, p, n, depth);
        p += n;
    }
    return 0;
}

/* ---- all of it ---- */

/* Each part alone, so that a complaint is about it. */
static int check_part(struct parser *ps, const struct part *part)
{
    XLU_Config *xlu = NULL;
    int rc = check_bytes(ps, part);

    if (!rc)
        rc = parse(ps, part, &xlu);
    if (!rc)
        rc = find_keys(ps, part);
    xlu_cfg_destroy(xlu);
    return rc;
}

static int check_parts(struct parser *ps)
{
    int i, rc = 0, rc2;

    for (i = 0; i < ps->n_parts; i++) {
        rc2 = check_part(ps, &ps->parts[i]);
        if (rc2 == -ENOMEM)
            return rc2;
        if (rc2)
            rc = rc2;
    }
    return rc;
}

/* All parts as one text. */
static int parse_together(struct parser *ps, XLU_Config **xlu)
{
    struct part all = {.source = ps->cfg->source};
    char *to;
    int i, rc;

    for (i = 0; i < ps->n_parts; i++)
        all.len += ps->parts[i].len;
    to = all.text = malloc(all.len + 1);
    if (!to)
        return out_of_memory(ps->dg);
    for (i = 0; i < ps->n_parts; i++)
        to = stpcpy(to, ps->parts[i].text);
    rc = parse(ps, &all, xlu);
    free(all.text);
    return rc;
}

static int read_parts(struct parser *ps, const char *path, char *const *extra)
{
    int i, rc = read_file(ps, path);

    for (i = 1; !rc && i < ps->n_parts; i++)
        rc = read_argument(ps, &ps->parts[i], extra[i - 1]);
    return rc;
}

static void dispose(struct parser *ps)
{
    int i;

    for (i = 0; ps->parts && i < ps->n_parts; i++) {
        free(ps->parts[i].text);
        free(ps->parts[i].source);
        config_libvirt_dispose(&ps->parts[i].xml);
    }
    free(ps->parts);
}

int xl_text_parse(struct config *cfg, const char *path, char *const *extra,
                  int n_extra, struct diag *dg, XLU_Config **xlu)
{
    struct parser ps = {.cfg = cfg, .dg = dg, .n_parts = 1 + n_extra};
    int rc = -ENOMEM;

    *xlu = NULL;
    cfg->source = strdup(strcmp(path, "-") ? path : "<stdin>");
    ps.parts = calloc((size_t)ps.n_parts, sizeof(*ps.parts));
    if (!cfg->source || !ps.parts)
        rc = out_of_memory(dg);
    else
        rc = read_parts(&ps, path, extra);
    if (!rc)
        rc = check_parts(&ps);
    if (!rc)
        rc = parse_together(&ps, xlu);
    if (!rc &&
        (ps.parts[0].changed || !strcmp(path, "-") || text_has_control(path))) {
        cfg->text = ps.parts[0].text;
        ps.parts[0].text = NULL;
    }
    dispose(&ps);
    return rc;
}
