/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regress/run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "host/embedded.h"
#include "host/search.h"
#include "host/signals.h"
#include "regress/program.h"
#include "xen_versions.h"

#define ARGS_MAX 24

/* What a guest of ours is called, and a save that is to fail may write. */
#define NAME     "guest"
#define FILE_MAX (64u << 10)

/* Of an embedded host's file, to be locked: no file is that large, and what
 * fakexen locks is behind it (its process.c). */
#define LOCK_BYTE (INT64_C(1) << 61)

struct run {
    const struct bench *bench;
    const struct cell *cell;
    struct result *result;
    char folder[PATH_MAX];
    char host[PATH_MAX];
    char seed[24];
    unsigned int steps; /* programs that were run */
    bool made;          /* the guest of that name is ours */
    char before[2000];  /* what the host was like */
};

/* ---- what went wrong ---- */

static bool __attribute__((format(printf, 2, 3)))
fail(struct run *run, const char *fmt, ...)
{
    char *what = run->result->what;
    size_t len = strlen(what), room = sizeof(run->result->what) - len;
    va_list al;

    run->result->outcome = CELL_FAILED;
    va_start(al, fmt);
    vsnprintf(what + len, room, fmt, al);
    va_end(al);
    len = strlen(what);
    if (len && len + 1 < sizeof(run->result->what) && what[len - 1] != '\n')
        strcpy(what + len, "\n");
    return false;
}

static bool failed(const struct run *run)
{
    return run->result->outcome == CELL_FAILED;
}

/* The beginning of a file, as a string. */
static void read_file(const char *path, char *text, size_t size)
{
    FILE *in = fopen(path, "re");
    size_t n = in ? fread(text, 1, size - 1, in) : 0;

    text[n] = '\0';
    if (in)
        fclose(in);
}

/* Why a program failed, by what it wrote: what it warned of before is not that.
 */
static void read_failure(const char *path, char *text, size_t size)
{
    static const char failure[] = "domwright: ", warning[] = "warning: ";
    char all[4000], *line, *next, *found = NULL;

    read_file(path, all, sizeof(all));
    for (line = all; !found && *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (!strncmp(line, failure, strlen(failure)) &&
            strncmp(line + strlen(failure), warning, strlen(warning)))
            found = line;
    }
    if (!found)
        found = all;
    found[strcspn(found, "\n")] = '\0';
    snprintf(text, size, "%s", found);
}

/* What it is called when somebody types it. */
static void name_command(char *const *argv, char *text, size_t size)
{
    size_t len = 0;
    const char *word, *slash;

    for (; *argv && len < size; argv++) {
        slash = strrchr(*argv, '/');
        word = slash ? slash + 1 : *argv;
        if (!strcmp(word, "--host") && argv[1]) {
            argv++;
            continue;
        }
        len += (size_t)snprintf(text + len, size - len, "%s%s", len ? " " : "",
                                word);
    }
}

static bool fail_program(struct run *run, char *const *argv,
                         const struct program *program, int status, int want)
{
    char command[200], said[600];

    name_command(argv, command, sizeof(command));
    read_failure(program->err, said, sizeof(said));
    if (!*said)
        read_failure(program->out, said, sizeof(said));
    if (status < 0)
        return fail(run, "%s: %s", command,
                    status == -ETIMEDOUT ? "it did not end"
                                         : strerror(-status));
    return fail(run, "%s: status %d, not %d: %s", command, status, want, said);
}

/* ---- programs ---- */

enum on { ON_DOMWRIGHT, ON_HOST };

/* domwright --host HOST ..., or fakexen --host HOST ... */
static void make_args(const struct run *run, enum on on, va_list al,
                      char *argv[ARGS_MAX])
{
    int n = 0;

    argv[n++] = (char *)(on == ON_DOMWRIGHT ? run->bench->domwright
                                            : run->bench->fakexen);
    argv[n++] = (char *)"--host";
    argv[n++] = (char *)run->host;
    do
        argv[n] = va_arg(al, char *);
    while (argv[n++] && n < ARGS_MAX - 1);
    argv[ARGS_MAX - 1] = NULL;
}

static int start(struct run *run, struct program *program, char *const *argv,
                 unsigned long file_max)
{
    char name[24];

    snprintf(name, sizeof(name), "%u", ++run->steps);
    return program_start(program, run->folder, name, argv, file_max);
}

static bool run_args(struct run *run, char *const *argv, int want,
                     unsigned long file_max, struct program *program)
{
    int rc = start(run, program, argv, file_max);

    if (!rc)
        rc = program_wait(program, run->bench->patience);
    return rc == want ? true : fail_program(run, argv, program, rc, want);
}

/* It has to end with that status. */
static bool call(struct run *run, int want, enum on on, ...)
{
    struct program program;
    char *argv[ARGS_MAX];
    va_list al;

    va_start(al, on);
    make_args(run, on, al, argv);
    va_end(al);
    return run_args(run, argv, want, 0, &program);
}

/* A program that goes on meanwhile. */
static bool begin(struct run *run, struct program *program, ...)
{
    char *argv[ARGS_MAX];
    va_list al;
    int rc;

    va_start(al, program);
    make_args(run, ON_DOMWRIGHT, al, argv);
    va_end(al);
    rc = start(run, program, argv, 0);
    return rc ? fail_program(run, argv, program, rc, 0) : true;
}

/* ... to its end. */
static bool end(struct run *run, struct program *program, const char *what,
                int want)
{
    char said[600];
    int status = program_wait(program, run->bench->patience);

    if (status == want)
        return true;
    read_failure(program->err, said, sizeof(said));
    return fail(run, "%s: %s (%d, not %d) %s", what,
                status == -ETIMEDOUT ? "it did not end" : "it failed", status,
                want, said);
}

/* A template for mkdtemp(). */
static void path_in(const struct bench *bench, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/cell.XXXXXX", bench->folder) >= PATH_MAX)
        out[0] = '\0';
}

static void path(const struct run *run, const char *name, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", run->folder, name) >= PATH_MAX)
        out[0] = '\0';
}

/* ---- the host ---- */

static const char *arg(const struct run *run, enum dimension_id id)
{
    return cell_value(run->cell, id)->arg;
}

static bool is_xl(const struct run *run, enum dimension_id id)
{
    return !strcmp(arg(run, id), "xl");
}

/* All but how many calls there were. */
static bool look_at_host(struct run *run, char *text, size_t size)
{
    char *argv[] = {(char *)run->bench->fakexen, (char *)"--host", run->host,
                    (char *)"--status", NULL};
    struct program program;
    char *calls, *rest;

    if (!run_args(run, argv, 0, 0, &program))
        return false;
    read_file(program.out, text, size);
    calls = strstr(text, "hypercalls");
    rest = calls ? strchr(calls, '\n') : NULL;
    if (rest)
        memmove(calls, rest + 1, strlen(rest));
    return true;
}

static bool make_host(struct run *run, const char *host)
{
    char *argv[] = {(char *)run->bench->fakexen,
                    (char *)"--host",
                    (char *)host,
                    (char *)"--memory",
                    (char *)arg(run, DIM_PLACE),
                    (char *)"--level",
                    (char *)arg(run, DIM_LEVEL),
                    (char *)arg(run, DIM_LOG),
                    (char *)"true",
                    NULL};
    struct program program;

    return run_args(run, argv, 0, 0, &program);
}

static bool find_host(struct run *run)
{
    if (run->bench->host)
        snprintf(run->host, sizeof(run->host), "%s", run->bench->host);
    else if (!make_host(run, run->host))
        return false;
    return look_at_host(run, run->before, sizeof(run->before));
}

/* Nothing is left there, and all adds up. */
static bool check_host(struct run *run)
{
    char after[sizeof(run->before)], *a, *b, *save_a, *save_b;

    if (!look_at_host(run, after, sizeof(after)))
        return false;
    if (!strcmp(run->before, after))
        return true;
    b = strtok_r(run->before, "\n", &save_b);
    for (a = strtok_r(after, "\n", &save_a); a;
         a = strtok_r(NULL, "\n", &save_a)) {
        if (!b || strcmp(a, b))
            fail(run, "the host afterwards: %s (it was: %s)", a, b ? b : "");
        b = b ? strtok_r(NULL, "\n", &save_b) : NULL;
    }
    return false;
}

/* ---- the guest ---- */

/* One of ours, or one of GRUB's. */
static bool find_kernel(const struct run *run, char out[PATH_MAX])
{
    const char *const folders[] = {run->bench->guests, "/usr/lib/grub-xen"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (snprintf(out, PATH_MAX, "%s/%s", folders[i], arg(run, DIM_GUEST)) <
                PATH_MAX &&
            !access(out, R_OK))
            return true;
    return false;
}

static bool write_config(const struct run *run, const char *name)
{
    FILE *out = fopen(name, "we");
    char kernel[PATH_MAX];

    if (!out || !find_kernel(run, kernel))
        return false;
    fprintf(out,
            "name = \"" NAME "\"\nkernel = \"%s\"\nmemory = %s\n"
            "vcpus = %s\non_crash = \"preserve\"\n",
            kernel, arg(run, DIM_SIZE), arg(run, DIM_VCPUS));
    return !fclose(out);
}

static bool config(struct run *run, char name[PATH_MAX])
{
    if (run->bench->own) {
        snprintf(name, PATH_MAX, "%s", run->bench->own);
        return true;
    }
    path(run, "guest.cfg", name);
    return write_config(run, name) ? true
                                   : fail(run, "%s: %s", name, strerror(errno));
}

/* Stock libxenguest restores a guest without extended CR3 anywhere. */
static bool is_sound(const struct run *run, bool restored)
{
    return !(restored && is_xl(run, DIM_RECEIVER) &&
             !strcmp(cell_value(run->cell, DIM_GUEST)->name, "legacy")) &&
           !(restored && is_xl(run, DIM_RECEIVER) && run->bench->own);
}

static bool verify(struct run *run, bool restored)
{
    return is_sound(run, restored)
               ? call(run, 0, ON_DOMWRIGHT, "verify", NAME, NULL)
               : true;
}

/* It stays paused: nothing is to change but what is changed here. */
static bool create(struct run *run)
{
    char name[PATH_MAX];
    bool ok = config(run, name);

    if (ok && is_xl(run, DIM_BUILDER))
        ok = call(run, 0, ON_HOST, run->bench->xl, "create", "-pqe", name,
                  "name=\"" NAME "\"", NULL);
    else if (ok)
        ok = call(run, 0, ON_DOMWRIGHT, "create", "-pqe", name,
                  "name=\"" NAME "\"", NULL);
    run->made |= ok;
    return ok && verify(run, false);
}

static bool destroy(struct run *run)
{
    return call(run, 0, ON_DOMWRIGHT, "destroy", NAME, NULL);
}

static bool is_gone(struct run *run)
{
    return call(run, 1, ON_DOMWRIGHT, "-q", "info", NAME, NULL);
}

/* Is the guest the one that it was? */
static bool compare(struct run *run, const char *state)
{
    char *argv[] = {(char *)run->bench->domwright,
                    (char *)"--host",
                    run->host,
                    (char *)"regress",
                    (char *)"--state",
                    (char *)NAME,
                    (char *)"--against",
                    (char *)state,
                    NULL};
    struct program program;
    char differs[1500];
    int rc = start(run, &program, argv, 0);

    if (!rc)
        rc = program_wait(&program, run->bench->patience);
    if (!rc)
        return true;
    read_file(program.out, differs, sizeof(differs));
    if (rc != 1 || !*differs)
        return fail_program(run, argv, &program, rc, 0);
    return fail(run, "it is not the guest that it was:\n%s", differs);
}

/* A kernel that is ready to be saved; what it is then goes to `state`. */
static bool play(struct run *run, struct program *kernel, const char *state,
                 const char *more, const char *value)
{
    return begin(run, kernel, "regress", "--play", NAME, "--seed", run->seed,
                 "--keep", state, more, value, NULL) &&
           (!program_said(kernel, "ready", run->bench->patience)
                ? true
                : end(run, kernel, "playing its kernel", 0));
}

static bool save(struct run *run, bool goes_on, const char *file)
{
    const char *option = goes_on ? "-c" : "-p";

    if (is_xl(run, DIM_SENDER))
        return goes_on ? call(run, 0, ON_HOST, run->bench->xl, "save", option,
                              NAME, file, NULL)
                       : call(run, 0, ON_HOST, run->bench->xl, "save", NAME,
                              file, NULL);
    return goes_on ? call(run, 0, ON_DOMWRIGHT, "-q", "save", option, NAME,
                          file, NULL)
                   : call(run, 0, ON_DOMWRIGHT, "-q", "save", NAME, file, NULL);
}

static bool restore(struct run *run, const char *file)
{
    bool ok = is_xl(run, DIM_RECEIVER) ? call(run, 0, ON_HOST, run->bench->xl,
                                              "restore", "-pe", file, NULL)
                                       : call(run, 0, ON_DOMWRIGHT, "-q",
                                              "restore", "-pe", file, NULL);

    return ok && verify(run, true);
}

/* There is none of that name. */
static bool no_file(struct run *run, const char *file)
{
    return access(file, F_OK)
               ? true
               : fail(run, "there is a file of a guest that was not saved");
}

/* ---- the ways ---- */

static bool way_build(struct run *run)
{
    return create(run) && destroy(run);
}

static bool way_checkpoint(struct run *run)
{
    struct program kernel;
    char state[PATH_MAX], file[PATH_MAX];

    path(run, "state", state);
    path(run, "saved", file);
    return create(run) && play(run, &kernel, state, NULL, NULL) &&
           save(run, true, file) && end(run, &kernel, "its kernel", 0) &&
           compare(run, state) && verify(run, false) && destroy(run) &&
           restore(run, file) && compare(run, state) && destroy(run);
}

static bool way_save(struct run *run)
{
    struct program kernel;
    char state[PATH_MAX], file[PATH_MAX];

    path(run, "state", state);
    path(run, "saved", file);
    return create(run) && play(run, &kernel, state, NULL, NULL) &&
           save(run, false, file) && end(run, &kernel, "its kernel", 0) &&
           is_gone(run) && call(run, 0, ON_DOMWRIGHT, "image", file, NULL) &&
           restore(run, file) && compare(run, state) && destroy(run);
}

/* The one that was built is the one in the file. */
static bool way_image(struct run *run)
{
    struct program look;
    char name[PATH_MAX], file[PATH_MAX];

    path(run, "image", file);
    return create(run) && begin(run, &look, "regress", "--state", NAME, NULL) &&
           end(run, &look, "its state", 0) && destroy(run) &&
           config(run, name) &&
           call(run, 0, ON_DOMWRIGHT, "-q", "create", "--save-as", file, name,
                "name=\"" NAME "\"", NULL) &&
           restore(run, file) && compare(run, look.out) && destroy(run);
}

/* A save that a signal ends, once the guest has been asked: it goes on. */
static bool way_term(struct run *run)
{
    struct program kernel, saver;
    char state[PATH_MAX], file[PATH_MAX];

    path(run, "state", state);
    path(run, "saved", file);
    if (!create(run) || !play(run, &kernel, state, "--delay", "0.5") ||
        !begin(run, &saver, "-q", "save", NAME, file, NULL))
        return false;
    if (program_said(&kernel, "asked", run->bench->patience))
        return fail(run, "save did not ask the guest");
    program_signal(&saver, SIGTERM);
    return end(run, &saver, "a save that is ended", 128 + SIGTERM) &&
           end(run, &kernel, "its kernel", 0) && no_file(run, file) &&
           compare(run, state) && verify(run, false) && destroy(run);
}

/* One that is killed leaves the guest suspended: the next command lets it go
 * on. */
static bool way_kill(struct run *run)
{
    struct program kernel, saver;
    char state[PATH_MAX], file[PATH_MAX];

    path(run, "state", state);
    path(run, "saved", file);
    if (!create(run) || !play(run, &kernel, state, "--delay", "0.2") ||
        !begin(run, &saver, "-q", "save", NAME, file, NULL))
        return false;
    if (program_said(&kernel, "asked", run->bench->patience))
        return fail(run, "save did not ask the guest");
    program_signal(&saver, SIGKILL);
    if (program_said(&kernel, "suspended", run->bench->patience))
        return fail(run, "the guest did not suspend");
    return end(run, &saver, "a save that is killed", 128 + SIGKILL) &&
           no_file(run, file) && call(run, 0, ON_DOMWRIGHT, "list", NULL) &&
           end(run, &kernel, "its kernel", 0) && compare(run, state) &&
           verify(run, false) && destroy(run);
}

/* As where the disk is full. */
static bool way_full(struct run *run)
{
    struct program kernel, saver;
    char state[PATH_MAX], file[PATH_MAX];
    char *argv[] = {(char *)run->bench->domwright,
                    (char *)"--host",
                    run->host,
                    (char *)"save",
                    (char *)NAME,
                    file,
                    NULL};

    path(run, "state", state);
    path(run, "saved", file);
    return create(run) && play(run, &kernel, state, NULL, NULL) &&
           run_args(run, argv, 1, FILE_MAX, &saver) &&
           end(run, &kernel, "its kernel", 0) && no_file(run, file) &&
           compare(run, state) && verify(run, false) && destroy(run);
}

/* A part of a file is refused, and does no harm. */
static bool cut(struct run *run, const char *file, const char *part)
{
    struct stat st;
    off_t size;
    FILE *in, *out;
    int c;

    if (stat(file, &st))
        return fail(run, "%s: %s", file, strerror(errno));
    size = (off_t)(run->bench->seed * UINT64_C(0x9e3779b97f4a7c15) %
                   (uint64_t)st.st_size);
    in = fopen(file, "re");
    out = fopen(part, "we");
    while (in && out && size-- && (c = getc(in)) != EOF)
        putc(c, out);
    if (in)
        fclose(in);
    return out && !fclose(out) ? true
                               : fail(run, "%s: %s", part, strerror(errno));
}

static bool way_cut(struct run *run)
{
    struct program kernel;
    char state[PATH_MAX], file[PATH_MAX], part[PATH_MAX];

    path(run, "state", state);
    path(run, "saved", file);
    path(run, "part", part);
    return create(run) && play(run, &kernel, state, NULL, NULL) &&
           save(run, false, file) && end(run, &kernel, "its kernel", 0) &&
           cut(run, file, part) &&
           call(run, 3, ON_DOMWRIGHT, "-q", "restore", "-pe", part, NULL) &&
           is_gone(run) && restore(run, file) && compare(run, state) &&
           destroy(run);
}

/* To another host; the state is that of the moment when it stopped. */
static bool migrate(struct run *run, bool live)
{
    struct program kernel;
    char state[PATH_MAX], other[PATH_MAX], target[PATH_MAX + 10];
    bool ok;

    path(run, "state", state);
    path(run, "other", other);
    snprintf(target, sizeof(target), "fakexen:%s", other);
    if (!make_host(run, other) || !create(run) ||
        !play(run, &kernel, state, live ? "--rate" : NULL, "2000"))
        return false;
    ok = live
             ? call(run, 0, ON_DOMWRIGHT, "migrate", "-pe", "--live", NAME,
                    target, NULL)
             : call(run, 0, ON_DOMWRIGHT, "migrate", "-pe", NAME, target, NULL);
    ok = ok && end(run, &kernel, "its kernel", 0) && is_gone(run) &&
         check_host(run);
    snprintf(run->host, sizeof(run->host), "%s", other);
    return ok && compare(run, state) && verify(run, false) && destroy(run);
}

static bool way_migrate(struct run *run)
{
    return migrate(run, false);
}

static bool way_live(struct run *run)
{
    return migrate(run, true);
}

static bool (*const way_run[WAYS])(struct run *run) = {
    [WAY_BUILD] = way_build,     [WAY_CHECKPOINT] = way_checkpoint,
    [WAY_SAVE] = way_save,       [WAY_IMAGE] = way_image,
    [WAY_MIGRATE] = way_migrate, [WAY_LIVE] = way_live,
    [WAY_TERM] = way_term,       [WAY_KILL] = way_kill,
    [WAY_FULL] = way_full,       [WAY_CUT] = way_cut,
};

/* ---- a cell ---- */

/* More than any cell takes, a host's file and its guests' streams: where so
 * much is free, it is not the disk that was full, but xenstore, say. */
#define ROOM (UINT64_C(1) << 30)

/* Did a program say so?  One that is held to little has another error. */
static bool lacks_room(const struct run *run)
{
    char pattern[PATH_MAX], text[4000];
    bool found = false;
    struct statvfs fs;
    glob_t files;

    path(run, ".", pattern);
    if (statvfs(pattern, &fs) || (uint64_t)fs.f_bavail * fs.f_frsize >= ROOM)
        return false;
    path(run, "*.err", pattern);
    if (glob(pattern, GLOB_NOSORT, NULL, &files))
        return false;
    for (size_t i = 0; !found && i < files.gl_pathc; i++) {
        read_file(files.gl_pathv[i], text, sizeof(text));
        found = strstr(text, strerror(ENOSPC)) != NULL;
    }
    globfree(&files);
    return found;
}

static bool lacks(const struct run *run, const char **why)
{
    const struct bench *bench = run->bench;
    char kernel[PATH_MAX];
    unsigned int needs = 0;

    for (unsigned int id = 0; id < DIMENSIONS; id++)
        needs |= cell_value(run->cell, id)->needs;
    if (needs & NEEDS_XL && !*bench->xl)
        *why = "there is no xl that runs here";
    else if (!bench->own && !find_kernel(run, kernel))
        *why = "its kernel is not here";
    else
        return false;
    return true;
}

static uint64_t seed_of(const struct bench *bench, const struct cell *cell)
{
    uint64_t seed = bench->seed + cell->round;

    for (unsigned int id = 0; id < DIMENSIONS; id++)
        seed = (seed ^ cell->at[id]) * UINT64_C(0x100000001b3);
    return seed >> 1 | 1;
}

static int remove_one(const char *name, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(name) && errno != ENOENT ? -1 : 0;
}

static void remove_folder(const char *name)
{
    (void)nftw(name, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* What is left on the embedded host goes, and what xl keeps of it elsewhere;
 * whatever signal has come. */
static void destroy_on(const struct bench *bench, const char *folder,
                       const char *host, const char *what)
{
    char *argv[] = {(char *)bench->domwright, (char *)"--host", (char *)host,
                    (char *)"destroy",        (char *)what,     NULL};
    struct program program;

    if (access(host, F_OK) ||
        program_start(&program, folder, "destroy", argv, 0))
        return;
    program.deaf = true;
    (void)!program_wait(&program, bench->patience);
}

/* Both hosts of a cell. */
static void destroy_all(const struct bench *bench, const char *folder)
{
    static const char *const hosts[] = {"host", "other"};
    char host[PATH_MAX];

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (snprintf(host, PATH_MAX, "%s/%s", folder, hosts[i]) < PATH_MAX)
            destroy_on(bench, folder, host, "-a");
}

/* A guest that is left where something failed is not the next cell's. */
static void clear_up(struct run *run)
{
    if (!failed(run))
        return;
    if (run->bench->host && run->made)
        destroy_on(run->bench, run->folder, run->bench->host, NAME);
    destroy_all(run->bench, run->folder);
}

void cell_run(const struct bench *bench, const struct cell *cell,
              struct result *result)
{
    struct run run = {.bench = bench, .cell = cell, .result = result};
    double begin_at = now();
    const char *why;

    *result = (struct result){.outcome = CELL_PASSED};
    if (lacks(&run, &why)) {
        result->outcome = CELL_SKIPPED;
        snprintf(result->what, sizeof(result->what), "%s\n", why);
        return;
    }
    snprintf(run.seed, sizeof(run.seed), "%llu",
             (unsigned long long)seed_of(bench, cell));
    path_in(bench, run.folder);
    if (!mkdtemp(run.folder)) {
        fail(&run, "%s: %s", run.folder, strerror(errno));
        return;
    }
    path(&run, "host", run.host);
    if (find_host(&run) && way_run[cell->at[DIM_WAY]](&run) &&
        cell->at[DIM_WAY] != WAY_MIGRATE && cell->at[DIM_WAY] != WAY_LIVE)
        check_host(&run);
    result->no_room = failed(&run) && lacks_room(&run);
    clear_up(&run);
    remove_folder(run.folder);
    result->seconds = now() - begin_at;
}

/* ---- all cells ---- */

static bool succeeds(const struct bench *bench, char *const *argv)
{
    struct program program;

    return !program_start(&program, bench->folder, "probe", argv, 0) &&
           !program_wait(&program, bench->patience);
}

static void find_xl(struct bench *bench)
{
    char *argv[] = {bench->fakexen, bench->xl, (char *)"list", NULL};

    if ((!search("/usr/lib/xen-" XEN_VERSION "/bin", "xl", bench->xl) &&
         !search(getenv("PATH"), "xl", bench->xl)) ||
        !succeeds(bench, argv))
        *bench->xl = '\0';
}

static void find_guests(struct bench *bench)
{
    static const struct beside self = {"src/builder/domwright", DW_DOMWRIGHT};
    static const struct beside one = {"tests/guests/hello-pae",
                                      DW_GUESTS "/hello-pae"};
    const char *given = secure_getenv("DOMWRIGHT_GUESTS");
    char *slash;

    if (given && *given) {
        snprintf(bench->guests, PATH_MAX, "%s", given);
        return;
    }
    beside_find(bench->guests, &self, &one);
    slash = strrchr(bench->guests, '/');
    if (slash)
        *slash = '\0';
}

/* ---- its folder ---- */

#define FOLDER "domwright-regress."

static const char *temporary(void)
{
    const char *name = secure_getenv("TMPDIR");

    return name && *name ? name : "/tmp";
}

/* Who has locked it is at work in it; the lock goes with the process.  Its
 * descriptor, or a negative errno: -EWOULDBLOCK, another has it. */
static int lock_folder(const char *name)
{
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int rc;

    if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB))
        return fd < 0 ? -errno : fd;
    rc = -errno;
    close(fd);
    return rc;
}

/* Cells that were cut short. */
static void sweep_cells(const struct bench *bench, const char *folder)
{
    char pattern[PATH_MAX];
    glob_t found;

    if (snprintf(pattern, PATH_MAX, "%s/cell.??????", folder) >= PATH_MAX ||
        glob(pattern, GLOB_NOSORT, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        destroy_all(bench, found.gl_pathv[i]);
    globfree(&found);
}

/* What runs that were killed have left: folders of ours that nobody has. */
static void sweep(const struct bench *bench)
{
    char pattern[PATH_MAX];
    struct stat st;
    glob_t found;
    int fd;

    if (snprintf(pattern, PATH_MAX, "%s/" FOLDER "??????", temporary()) >=
            PATH_MAX ||
        glob(pattern, GLOB_NOSORT, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        fd = lock_folder(found.gl_pathv[i]);
        if (fd < 0)
            continue;
        if (!fstat(fd, &st) && st.st_uid == geteuid()) {
            sweep_cells(bench, found.gl_pathv[i]);
            remove_folder(found.gl_pathv[i]);
        }
        close(fd);
    }
    globfree(&found);
}

/* One that another run sweeps before it is locked is made again. */
static int make_folder(struct bench *bench, struct diag *dg)
{
    unsigned int tries;
    struct stat st;
    int rc;

    for (tries = 0, rc = 0; !rc && tries < 100; tries++) {
        snprintf(bench->folder, PATH_MAX, "%s/" FOLDER "XXXXXX", temporary());
        if (!mkdtemp(bench->folder)) {
            rc = -errno;
            bench->folder[0] = '\0';
            return diag_fail(dg, DW_FAILED, rc,
                             "cannot make a folder in %s for what is tried: "
                             "%s",
                             temporary(), strerror(-rc));
        }
        bench->lock = lock_folder(bench->folder);
        if (bench->lock >= 0 && !fstat(bench->lock, &st) && st.st_nlink)
            return 0;
        if (bench->lock >= 0)
            close(bench->lock);
        else if (bench->lock != -EWOULDBLOCK && bench->lock != -ENOENT)
            rc = bench->lock;
        (void)rmdir(bench->folder);
    }
    rc = diag_fail(dg, DW_FAILED, rc ? rc : -EBUSY, "locking %s: %s",
                   bench->folder, strerror(rc ? -rc : EBUSY));
    bench->folder[0] = '\0';
    return rc;
}

/* ---- */

/* Before any cell: its status, and unless it is 0 what it said. */
static int try_program(const struct bench *bench, const char *name,
                       char *argv[], char *said, size_t len)
{
    struct program program;
    int status = program_start(&program, bench->folder, name, argv, 0);

    if (!status)
        status = program_wait(&program, bench->patience);
    if (status)
        read_failure(program.err, said, len);
    return status;
}

int bench_check_guest(const struct bench *bench, struct diag *dg)
{
    char *argv[] = {(char *)bench->domwright,
                    (char *)"create",
                    (char *)"-nq",
                    (char *)"--native",
                    (char *)bench->own,
                    (char *)"name=\"" NAME "\"",
                    NULL};
    char said[600];
    int status = try_program(bench, "plan", argv, said, sizeof(said));

    if (!status)
        return 0;
    if (status == -EINTR)
        return interrupt_check(dg);
    return diag_fail(dg, status > 0 && status < 128 ? status : DW_FAILED,
                     status < 0 ? status : -EINVAL,
                     "--guest %s cannot be tried: %s", bench->own,
                     status < 0                         ? strerror(-status)
                     : strncmp(said, "domwright: ", 11) ? said
                                                        : said + 11);
}

static int check_embedded(const struct bench *bench, struct diag *dg)
{
    static const char prefix[] = "fakexen: ";
    char *argv[] = {(char *)bench->fakexen, (char *)"--host",
                    (char *)bench->host, (char *)"--status", NULL};
    char said[600];
    int status = try_program(bench, "status", argv, said, sizeof(said));

    if (!status)
        return 0;
    if (status == -EINTR)
        return interrupt_check(dg);
    return diag_fail(
        dg, DW_NO_XEN, -ENODEV, "--host: %s",
        strncmp(said, prefix, strlen(prefix)) ? said : said + strlen(prefix));
}

/* For all of the run: the guests of two have one name. */
static int lock_host(struct bench *bench, struct diag *dg)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = LOCK_BYTE,
                         .l_len = 1};
    int rc;

    bench->host_lock = open(bench->host, O_RDWR | O_CLOEXEC);
    if (bench->host_lock >= 0 && !fcntl(bench->host_lock, F_OFD_SETLK, &lock))
        return 0;
    rc = -errno;
    if (bench->host_lock >= 0 && (rc == -EAGAIN || rc == -EACCES))
        return diag_fail(dg, DW_FAILED, rc,
                         "--host %s: another regress is at work there",
                         bench->host);
    return diag_fail(dg, DW_FAILED, rc, "locking %s: %s", bench->host,
                     strerror(-rc));
}

int bench_check_host(struct bench *bench, struct diag *dg)
{
    char *argv[] = {
        (char *)bench->domwright, (char *)"--host", (char *)bench->host,
        (char *)"domid",          (char *)NAME,     NULL};
    struct program program;
    int status = check_embedded(bench, dg);

    if (!status)
        status = lock_host(bench, dg);
    if (status)
        return status;
    status = program_start(&program, bench->folder, "domid", argv, 0);
    if (!status)
        status = program_wait(&program, bench->patience);
    if (status == -EINTR)
        return interrupt_check(dg);
    return status ? 0
                  : diag_fail(dg, DW_CONFIG, -EEXIST,
                              "--host %s: a domain is named " NAME
                              " there, as those that are tried are to be",
                              bench->host);
}

int bench_open(struct bench *bench, struct diag *dg)
{
    ssize_t len = readlink("/proc/self/exe", bench->domwright, PATH_MAX - 1);
    int rc;

    if (len < 0)
        return diag_fail(dg, DW_FAILED, -errno, "finding this program: %s",
                         strerror(errno));
    bench->domwright[len] = '\0';
    embedded_program(bench->fakexen);
    rc = make_folder(bench, dg);
    if (rc)
        return rc;
    sweep(bench);
    find_xl(bench);
    find_guests(bench);
    return 0;
}

void bench_close(struct bench *bench)
{
    if (bench->host_lock >= 0)
        close(bench->host_lock);
    bench->host_lock = -1;
    if (!*bench->folder)
        return;
    remove_folder(bench->folder);
    close(bench->lock);
    bench->folder[0] = '\0';
}
