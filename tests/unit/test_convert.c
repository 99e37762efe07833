/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations as others: tests/convert has tables of files, what becomes of
 * them, what is warned of and what is refused.  All that was written is read
 * again, and means the same; libvirt's schema takes it, where that is
 * installed ($DOMWRIGHT_SCHEMAS, or /usr/share/libvirt/schemas).
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/differs.h"
#include "config/libvirt.h"
#include "config/xl.h"
#include "config/xl_write.h"

#define MOST  256
#define LINES 64

/* A case of a table. */
struct row {
    const char *class, *flag;
    char *line[LINES]; /* each begins with one of < + - ? ! */
    unsigned int n;
};

/* What came of a file. */
struct result {
    int rc;
    char *text;     /* what was written */
    char *warnings; /* as they stand on standard error */
    struct diag dg;
};

static char dir[64], file[96];

/* ---- tables ---- */

static char *read_whole(const char *path)
{
    FILE *from = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    size_t len;

    if (!from || !text)
        abort();
    len = fread(text, 1, (1 << 20) - 1, from);
    fclose(from);
    text[len] = '\0';
    return text;
}

/* The lines of `text` are the rows' from then on. */
static unsigned int read_table(char *text, struct row *row)
{
    unsigned int n = 0;
    bool open = false;

    for (char *line; (line = strsep(&text, "\n"));) {
        if (*line == '#')
            continue;
        if (!*line) {
            open = false;
        } else if (!open) {
            if (n == MOST * 2)
                abort();
            row[n] = (struct row){.class = strsep(&line, " ")};
            row[n].flag = line ? line : "";
            n++;
            open = true;
        } else {
            if (row[n - 1].n == LINES)
                abort();
            row[n - 1].line[row[n - 1].n++] = line;
        }
    }
    return n;
}

/* A table of tests/convert, or the test fails. */
static unsigned int open_table(const char *name, struct row *row, char **text)
{
    const char *srcdir = getenv("srcdir");
    char path[512];

    snprintf(path, sizeof(path), "%s/tests/convert/%s", srcdir ? srcdir : ".",
             name);
    *text = read_whole(path);
    return read_table(*text, row);
}

/* ---- conversions ---- */

static void write_file(const char *text)
{
    FILE *to = fopen(file, "w");

    ck_assert_ptr_nonnull(to);
    fputs(text, to);
    ck_assert_int_eq(fclose(to), 0);
}

typedef int write_fn(const struct config *cfg, FILE *to, struct diag *dg);

static int write_libvirt(const struct config *cfg, FILE *to, struct diag *dg)
{
    if (!cfg->is_xml)
        config_warn_of_libvirt(cfg);
    return config_write_libvirt(cfg, 64, to, dg);
}

/* Who serves a disk that is a file: qemu, where nobody says so. */
static bool is_granted(const struct setting *s)
{
    return s->name && !strcmp(s->name, "backendtype") &&
           !strcmp(s->text, "qdisk");
}

/* One line for each setting and part, whatever order they had. */
static void dump(const struct setting *s, const char *path, FILE *to)
{
    char name[512];

    if (*path && is_granted(s))
        return;
    snprintf(name, sizeof(name), "%s/%s", path, s->name ? s->name : "");
    if (s->text || s->kind == SETTING_FLAG)
        fprintf(to, "%s=%s\n", name, s->text ? s->text : "yes");
    for (unsigned int i = 0; i < s->n; i++) {
        if (!s->item[i].name)
            snprintf(name, sizeof(name), "%s/%s%u", path, s->name, i);
        dump(&s->item[i], name, to);
    }
}

/* What a guest is; keys that change nothing are left out. */
static int write_meaning(const struct config *cfg, FILE *to, struct diag *dg)
{
    static const char *const nothing[][2] = {{"localtime", "0"},
                                             {"e820_host", "0"},
                                             {"passthrough", "disabled"},
                                             {"tsc_mode", "default"},
                                             {"e820_host", "1"}};
    /* The last of them comes with PCI devices. */
    const int n = setting_find(&cfg->settings, "pci") ? 5 : 4;

    (void)dg;
    for (unsigned int i = 0; i < cfg->settings.n; i++) {
        const struct setting *s = &cfg->settings.item[i];
        bool idle = s->idle && strncmp(s->name, "device_model", 12) != 0;

        for (int j = 0; j < n; j++)
            idle |= !strcmp(s->name, nothing[j][0]) && s->text &&
                    !strcmp(s->text, nothing[j][1]);
        if (!idle)
            dump(s, "", to);
    }
    return 0;
}

static int convert(const char *text, write_fn *write, struct diag *dg, FILE *to)
{
    struct config cfg;
    int rc;

    write_file(text);
    config_init(&cfg);
    cfg.wants_settings = true;
    cfg.tells_kept = write == config_write_xl;
    rc = config_xl_read(&cfg, file, NULL, 0, dg);
    if (!rc) {
        int good = config_check(&cfg, dg);

        rc = write(&cfg, to, dg);
        rc = rc ? rc : good;
    }
    config_dispose(&cfg);
    return rc;
}

/* With standard error in a file, as warnings are printed at once. */
static struct result result_of(const char *text, write_fn *write)
{
    struct result r = {0};
    char path[128];
    size_t len;
    FILE *to = open_memstream(&r.text, &len);
    int err = dup(2), fd;

    snprintf(path, sizeof(path), "%s/err", dir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert(to && err >= 0 && fd >= 0 && dup2(fd, 2) == 2);
    diag_init(&r.dg);
    r.rc = convert(text, write, &r.dg, to);
    fflush(stderr);
    ck_assert_int_eq(dup2(err, 2), 2);
    close(err);
    close(fd);
    ck_assert_int_eq(fclose(to), 0);
    r.warnings = read_whole(path);
    unlink(path);
    return r;
}

static void forget(struct result *r)
{
    free(r->text);
    free(r->warnings);
}

/* ---- lines ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct lines {
    char *text, *line[1024];
    unsigned int n;
};

/* Without the blanks before them, sorted; those that have `without` are none.
 */
static struct lines split(const char *text, const char *without)
{
    struct lines l = {.text = strdup(text)};
    char *rest = l.text;

    for (char *line; (line = strsep(&rest, "\n"));) {
        line += strspn(line, " ");
        if (!*line || (without && strstr(line, without)))
            continue;
        ck_assert_uint_lt(l.n, 1024);
        l.line[l.n++] = line;
    }
    qsort(l.line, l.n, sizeof(l.line[0]), by_text);
    return l;
}

/* A difference that the row does not have, or has and there is not. */
static void compare(const struct row *row, const char *base, const char *text,
                    const char *input)
{
    struct lines a = split(base, NULL), b = split(text, NULL);
    unsigned int i = 0, j = 0, changes = 0, wanted = 0;

    while (i < a.n || j < b.n) {
        int d = i == a.n ? 1 : j == b.n ? -1 : strcmp(a.line[i], b.line[j]);
        char *line = d < 0 ? a.line[i] : b.line[j];
        char mark = d < 0 ? '-' : '+';
        bool found = d == 0;

        i += d <= 0;
        j += d >= 0;
        if (d == 0)
            continue;
        changes++;
        for (unsigned int k = 0; k < row->n; k++)
            found |= row->line[k][0] == mark && !strcmp(row->line[k] + 2, line);
        ck_assert_msg(found, "not wanted: %c %s\nof\n%s", mark, line, input);
    }
    for (unsigned int k = 0; k < row->n; k++)
        wanted += row->line[k][0] == '+' || row->line[k][0] == '-';
    ck_assert_msg(changes == wanted, "%u lines differ, not %u\nof\n%s", changes,
                  wanted, input);
    free(a.text);
    free(b.text);
}

static unsigned int count(const char *text, const char *what)
{
    unsigned int n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

/* Each that the row has is said, and no other. */
static void check_notes(const struct row *row, const struct result *r,
                        const char *input)
{
    unsigned int warned = 0, refused = 0;

    for (unsigned int i = 0; i < row->n; i++) {
        const char *what = row->line[i] + 2;
        bool found = false;

        if (row->line[i][0] == '?') {
            warned++;
            found = strstr(r->warnings, what) != NULL;
        } else if (row->line[i][0] == '!') {
            refused++;
            for (unsigned int j = 0; j < r->dg.nr && j < DIAG_LINES; j++)
                found |= strstr(r->dg.line[j], what) != NULL;
        } else {
            continue;
        }
        ck_assert_msg(found, "not said: %s\nbut\n%s%s\nof\n%s", what,
                      r->warnings, r->dg.nr ? r->dg.line[0] : "", input);
    }
    ck_assert_msg(count(r->warnings, "warning: ") == warned,
                  "not wanted:\n%s\nof\n%s", r->warnings, input);
    ck_assert_msg(r->dg.nr == refused, "not wanted: %s\nof\n%s",
                  r->dg.nr ? r->dg.line[r->dg.nr - 1] : "", input);
}

/* ---- both directions ---- */

/* Is the key set by a line of the row? */
static bool sets(const struct row *row, const char *key)
{
    for (unsigned int i = 0; i < row->n; i++) {
        const char *line = row->line[i];
        size_t n = strlen(key);

        if (line[0] != '<')
            continue;
        line += 2 + strspn(line + 2, " ");
        if (!strncmp(line, key, n) && strchr(" =+\t", line[n]))
            return true;
    }
    return false;
}

static void put_lines(const struct row *row, FILE *to)
{
    for (unsigned int i = 0; row && i < row->n; i++)
        if (row->line[i][0] == '<')
            fprintf(to, "%s\n", row->line[i][1] ? row->line[i] + 2 : "");
}

static char *xl_file(const struct row *row)
{
    static const char *const base[][2] = {
        {"name", "\"g\""},
        {"uuid", "\"c7a5fdb2-cdaf-9455-926a-d65c16db1809\""},
        {"kernel", "\"/k\""},
        {"memory", "128"},
        {"on_crash", "\"restart\""}};
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (int i = 0; i < 5; i++)
        if (!row || (strcmp(row->flag, "raw") && !sets(row, base[i][0])))
            fprintf(to, "%s = %s\n", base[i][0], base[i][1]);
    put_lines(row, to);
    fclose(to);
    return text;
}

static bool has(const struct row *row, const char *what)
{
    for (unsigned int i = 0; row && i < row->n; i++)
        if (row->line[i][0] == '<' && strstr(row->line[i], what))
            return true;
    return false;
}

static char *xml_file(const struct row *row)
{
    bool devices = row && !strcmp(row->flag, "devices");
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    if (row && !strcmp(row->flag, "raw")) {
        put_lines(row, to);
        fclose(to);
        return text;
    }
    fputs("<domain type='xen'><name>g</name>"
          "<uuid>c7a5fdb2-cdaf-9455-926a-d65c16db1809</uuid>",
          to);
    if (!has(row, "<memory"))
        fputs("<memory>131072</memory>", to);
    if (!has(row, "<os>"))
        fputs("<os><type>linux</type><kernel>/k</kernel></os>", to);
    fputs(devices ? "<devices>" : "", to);
    put_lines(row, to);
    fputs(devices ? "</devices></domain>" : "</domain>", to);
    fclose(to);
    return text;
}

/* A guest's text, which says the same but for the script of libvirt's bridge.
 */
static void same(const char *a, const char *b, const char *input)
{
    struct lines la = split(a, "vif-bridge"), lb = split(b, "vif-bridge");

    for (unsigned int i = 0; i < la.n && i < lb.n; i++)
        ck_assert_msg(!strcmp(la.line[i], lb.line[i]),
                      "it comes back as %s, not %s\nof\n%s", lb.line[i],
                      la.line[i], input);
    ck_assert_msg(la.n == lb.n, "it comes back with %u lines, not %u\nof\n%s",
                  lb.n, la.n, input);
    free(la.text);
    free(lb.text);
}

/* What was written is read, and is the same guest written again. */
static void round_trip(const char *text, write_fn *over, write_fn *back,
                       write_fn *meaning, const char *input)
{
    struct result there = result_of(text, over), again, before, after;

    ck_assert_msg(there.rc == 0, "it cannot be read: %s\n%s\nof\n%s",
                  there.dg.nr ? there.dg.line[0] : "", text, input);
    again = result_of(there.text, back);
    ck_assert_msg(again.rc == 0, "it cannot come back: %s\n%s\nof\n%s",
                  again.dg.nr ? again.dg.line[0] : "", there.text, input);
    before = result_of(text, meaning);
    after = result_of(again.text, meaning);
    ck_assert_int_eq(before.rc | after.rc, 0);
    same(before.text, after.text, input);
    forget(&there);
    forget(&again);
    forget(&before);
    forget(&after);
}

/* ---- libvirt's schema ---- */

static void ignore(void *arg, const char *fmt, ...)
{
    (void)arg;
    (void)fmt;
}

static xmlRelaxNGValidCtxtPtr schema;

static void open_schema(void)
{
    const char *at = getenv("DOMWRIGHT_SCHEMAS");
    char path[512];
    xmlRelaxNGParserCtxtPtr ctxt;
    xmlRelaxNGPtr rng;

    snprintf(path, sizeof(path), "%s/domain.rng",
             at ? at : "/usr/share/libvirt/schemas");
    if (access(path, R_OK))
        return;
    ctxt = xmlRelaxNGNewParserCtxt(path);
    rng = xmlRelaxNGParse(ctxt);
    xmlRelaxNGFreeParserCtxt(ctxt);
    schema = xmlRelaxNGNewValidCtxt(rng);
    if (!rng || !schema)
        abort();
    xmlRelaxNGSetValidErrors(schema, ignore, ignore, NULL);
}

/*
 * libvirt writes what its schema does not take: a relative path, many vCPUs.
 * And an xl file that is written anew does not tell of "phy:" before a path.
 */
static bool is_beyond(const struct row *row)
{
    return !strcmp(row->flag, "beyond");
}

static void validate(const struct row *row, const char *xml, const char *input)
{
    xmlDocPtr doc;
    int r;

    if (!schema || is_beyond(row))
        return;
    doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, 0);
    ck_assert_ptr_nonnull(doc);
    r = xmlRelaxNGValidateDoc(schema, doc);
    ck_assert_msg(r == 0, "libvirt's schema does not take\n%s\nof\n%s", xml,
                  input);
    xmlFreeDoc(doc);
}

/* ---- tests ---- */

static struct row row[MOST * 2];
static char *table;
static unsigned int rows_of_xl, rows_of_xml;

START_TEST(from_xl)
{
    struct row *rw = &row[_i];
    char *base_file = xl_file(NULL), *input = xl_file(rw);
    struct result base = result_of(base_file, write_libvirt);
    struct result r = result_of(input, write_libvirt);
    bool refused = !strcmp(rw->class, "refused");

    ck_assert_int_eq(base.rc, 0);
    ck_assert_msg((r.rc != 0) == refused, "%s\n%s\nof\n%s", rw->class,
                  r.dg.nr ? r.dg.line[0] : "taken", input);
    check_notes(rw, &r, input);
    if (!refused) {
        compare(rw, base.text, r.text, input);
        validate(rw, r.text, input);
        round_trip(r.text, config_write_xl, write_libvirt, write_meaning,
                   input);
        if (!is_beyond(rw))
            round_trip(input, config_write_xl, config_write_xl, write_meaning,
                       input);
    }
    forget(&base);
    forget(&r);
    free(base_file);
    free(input);
}
END_TEST

START_TEST(from_libvirt)
{
    struct row *rw = &row[_i];
    char *base_file = xml_file(NULL), *input = xml_file(rw);
    struct result base = result_of(base_file, config_write_xl);
    struct result r = result_of(input, config_write_xl);
    bool refused = !strcmp(rw->class, "refused");

    ck_assert_int_eq(base.rc, 0);
    ck_assert_msg((r.rc != 0) == refused, "%s\n%s\nof\n%s", rw->class,
                  r.dg.nr ? r.dg.line[0] : "taken", input);
    check_notes(rw, &r, input);
    if (!refused) {
        compare(rw, base.text, r.text, input);
        round_trip(r.text, write_libvirt, config_write_xl, write_meaning,
                   input);
    }
    forget(&base);
    forget(&r);
    free(base_file);
    free(input);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("convert");
    TCase *tcase = tcase_create("convert");
    SRunner *runner;
    char *other;
    int failed;

    snprintf(dir, sizeof(dir), "/tmp/test_convert.XXXXXX");
    if (!mkdtemp(dir))
        return 99;
    snprintf(file, sizeof(file), "%s/in", dir);
    rows_of_xl = open_table("xl-to-libvirt.txt", row, &table);
    rows_of_xml = open_table("libvirt-to-xl.txt", row + rows_of_xl, &other);
    open_schema();
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, from_xl, 0, (int)rows_of_xl);
    tcase_add_loop_test(tcase, from_libvirt, (int)rows_of_xl,
                        (int)(rows_of_xl + rows_of_xml));
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(table);
    free(other);
    unlink(file);
    rmdir(dir);
    return failed ? 1 : 0;
}
