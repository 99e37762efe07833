/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen's xenstore against a list of paths and values that is searched from
 * end to end: at random, in transactions, by several processes' views, killed
 * at any point, full, and damaged.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/host.h"
#include "machine/wake.h"
#include "store/store.h"
#include "store/store_domains.h"
#include "store/store_log.h"
#include "unit_random.h"

#define VIEWS 3 /* as processes have them */
#define TXNS  3
#define NODES 400

#define DOMAINS 8 /* IDs 0 .. DOMAINS - 1 */

/* -- a host that is nothing but a store -- */

static struct fx_super super;
static struct fx_host host;

static void new_host(uint64_t bytes)
{
    unsigned int i;

    host.super = &super;
    super.store_bytes = bytes;
    for (i = 0; i < DOMAINS; i++)
        super.domain[i] = (struct fx_domain){.exists = true, .id = i};
    host.store = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(host.store, MAP_FAILED);
}

static void drop_host(void)
{
    munmap(host.store, super.store_bytes);
}

static struct fx_store *new_view(void)
{
    struct fx_store *view;

    ck_assert_int_eq(fx_store_open(&host, NULL, NULL, &view), 0);
    return view;
}

/* -- the model -- */

struct entry {
    char path[40], value[80];
    unsigned int domid, perms;
};

struct model {
    struct entry entry[NODES];
    unsigned int nr;
};

static struct entry *model_find(struct model *m, const char *path)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++)
        if (!strcmp(m->entry[i].path, path))
            return &m->entry[i];
    return NULL;
}

static void model_parent(const char *path, char parent[40])
{
    char *slash;

    strcpy(parent, path);
    slash = strrchr(parent, '/');
    slash[slash == parent] = '\0';
}

/* With what is missing above it; permissions are inherited. */
static struct entry *model_add(struct model *m, const char *path)
{
    char parent[40];
    struct entry like;

    if (model_find(m, path))
        return model_find(m, path);
    model_parent(path, parent);
    like = *model_add(m, parent);
    strcpy(like.path, path);
    like.value[0] = '\0';
    ck_assert_uint_lt(m->nr, NODES);
    m->entry[m->nr] = like;
    return &m->entry[m->nr++];
}

static bool model_below(const char *path, const char *above)
{
    size_t len = strlen(above);

    return !strcmp(path, above) ||
           (!strncmp(path, above, len) && path[len] == '/');
}

static void model_remove(struct model *m, const char *path)
{
    unsigned int i, kept = 0;

    for (i = 0; i < m->nr; i++)
        if (!model_below(m->entry[i].path, path))
            m->entry[kept++] = m->entry[i];
    m->nr = kept;
}

/* Children, in a set that does not depend on their order. */
static uint64_t model_children(struct model *m, const char *path)
{
    char parent[40];
    uint64_t sum = 0;
    unsigned int i;
    const char *p;

    for (i = 0; i < m->nr; i++) {
        uint64_t hash = 1;

        model_parent(m->entry[i].path, parent);
        if (!m->entry[i].path[1] || strcmp(parent, path))
            continue;
        for (p = strrchr(m->entry[i].path, '/') + 1; *p; p++)
            hash = hash * 131 + (unsigned char)*p;
        sum += hash * hash;
    }
    return sum;
}

/* -- one operation, on the model and on the store -- */

enum kind { WRITE, MKDIR, RM, READ, LIST, GET_PERMS, SET_PERMS, KINDS };

struct step {
    enum kind kind;
    char path[40], value[80];
    unsigned int domid, perms;
};

struct outcome {
    int rc;
    char value[80];
    uint64_t children;
    unsigned int domid, perms;
};

static struct step random_step(struct unit_random *r)
{
    static const char *const names[] = {"a", "b", "ab", "a-b", "A_@", "0"};
    struct step step = {.kind = unit_below(r, KINDS)};
    unsigned int depth = 1 + unit_below(r, 4);
    size_t i, len = unit_below(r, sizeof(step.value));

    if (unit_once_in(r, 60))
        strcpy(step.path, "/");
    else
        while (depth--) {
            strcat(step.path, "/");
            strcat(step.path, UNIT_ONE_OF(r, names));
        }
    for (i = 0; i < len; i++)
        step.value[i] = (char)('a' + unit_below(r, 26));
    step.domid = unit_below(r, DOMAINS + 1);
    step.perms = unit_below(r, 4);
    return step;
}

static int model_rm(struct model *m, const char *path)
{
    char parent[40];

    model_parent(path, parent);
    if (!path[1])
        return -EINVAL;
    if (!model_find(m, path))
        return model_find(m, parent) ? 0 : -ENOENT;
    model_remove(m, path);
    return 0;
}

static struct outcome model_do(struct model *m, const struct step *step)
{
    struct entry *entry = model_find(m, step->path);
    struct outcome out = {0};

    if (!entry && step->kind > RM) {
        out.rc = -ENOENT;
        return out;
    }
    switch (step->kind) {
    case WRITE:
        strcpy(model_add(m, step->path)->value, step->value);
        break;
    case MKDIR:
        model_add(m, step->path);
        break;
    case RM:
        out.rc = model_rm(m, step->path);
        break;
    case READ:
        strcpy(out.value, entry->value);
        break;
    case LIST:
        out.children = model_children(m, step->path);
        break;
    case GET_PERMS:
        out.domid = entry->domid;
        out.perms = entry->perms;
        break;
    default:
        if (step->domid >= DOMAINS) {
            out.rc = -ENOENT;
            return out;
        }
        entry->domid = step->domid;
        entry->perms = step->perms;
        break;
    }
    return out;
}

static uint64_t hash_names(const char *names, size_t len)
{
    uint64_t sum = 0, hash = 1;
    size_t i;

    for (i = 0; i < len; i++) {
        if (names[i]) {
            hash = hash * 131 + (unsigned char)names[i];
        } else {
            sum += hash * hash;
            hash = 1;
        }
    }
    return sum;
}

static struct outcome store_do(struct fx_store *s, struct fx_txn *t,
                               const struct step *step)
{
    struct xs_permissions perm = {.id = step->domid, .perms = step->perms};
    struct xs_permissions *perms;
    struct outcome out = {0};
    unsigned int nr;
    void *data;
    char *names;
    size_t len;

    switch (step->kind) {
    case WRITE:
        out.rc =
            fx_store_write(s, t, step->path, step->value, strlen(step->value));
        break;
    case MKDIR:
        out.rc = fx_store_mkdir(s, t, step->path);
        break;
    case RM:
        out.rc = fx_store_rm(s, t, step->path);
        break;
    case READ:
        out.rc = fx_store_read(s, t, step->path, &data, &len);
        if (!out.rc) {
            memcpy(out.value, data, len + 1);
            free(data);
        }
        break;
    case LIST:
        out.rc = fx_store_directory(s, t, step->path, &names, &len);
        if (!out.rc) {
            out.children = hash_names(names, len);
            free(names);
        }
        break;
    case GET_PERMS:
        out.rc = fx_store_get_perms(s, t, step->path, &perms, &nr);
        if (!out.rc) {
            out.domid = perms->id;
            out.perms = perms->perms;
            free(perms);
        }
        break;
    default:
        out.rc = fx_store_set_perms(s, t, step->path, &perm, 1);
        break;
    }
    return out;
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
    return a->rc == b->rc && !strcmp(a->value, b->value) &&
           a->children == b->children && a->domid == b->domid &&
           a->perms == b->perms;
}

/* What a new store holds. */
static void model_init(struct model *m)
{
    *m = (struct model){.nr = 1};
    strcpy(m->entry[0].path, "/");
    model_add(m, "/tool/xenstored");
    strcpy(model_add(m, "/local/domain/0/domid")->value, "0");
    strcpy(model_add(m, "/local/domain/0/name")->value, "Domain-0");
    strcpy(model_add(m, "/local/pool/0/name")->value, "Pool-0");
}

/* Does the store hold what the model does, and no more? */
static bool store_is(struct fx_store *s, struct model *m)
{
    struct step step;
    unsigned int i;
    enum kind kind;

    for (i = 0; i < m->nr; i++) {
        for (kind = READ; kind <= GET_PERMS; kind++) {
            struct outcome is, wanted;

            step = (struct step){.kind = kind};
            strcpy(step.path, m->entry[i].path);
            is = store_do(s, NULL, &step);
            wanted = model_do(m, &step);
            if (!same_outcome(&is, &wanted))
                return false;
        }
    }
    return true;
}

/* -- transactions -- */

#define STEPS 40

struct open_txn {
    struct fx_txn *txn; /* NULL: none */
    struct fx_store *view;
    struct model model;
    unsigned int commits; /* of all, at its start */
    unsigned int nr;
    struct step step[STEPS];
    struct outcome outcome[STEPS];
};

struct world {
    struct fx_store *view[VIEWS];
    struct model model;
    struct open_txn txn[TXNS];
    unsigned int commits, conflicts, committed;
};

static void txn_start(struct unit_random *r, struct world *w,
                      struct open_txn *t)
{
    t->view = UNIT_ONE_OF(r, w->view);
    UNIT_CHECK_EQ(r, (uint64_t)fx_store_begin(t->view, &t->txn), 0);
    t->model = w->model;
    t->commits = w->commits;
    t->nr = 0;
}

static void txn_step(struct unit_random *r, struct open_txn *t)
{
    struct outcome wanted;

    t->step[t->nr] = random_step(r);
    wanted = model_do(&t->model, &t->step[t->nr]);
    t->outcome[t->nr] = store_do(t->view, t->txn, &t->step[t->nr]);
    UNIT_CHECK(r, same_outcome(&t->outcome[t->nr], &wanted));
    t->nr++;
}

/* A commit must be as if all of it happened now; a conflict needs somebody
 * else's change. */
static void txn_finish(struct unit_random *r, struct world *w,
                       struct open_txn *t)
{
    bool abort = unit_once_in(r, 4);
    int rc = fx_store_end(t->view, t->txn, abort);
    unsigned int i;

    t->txn = NULL;
    if (abort) {
        UNIT_CHECK_EQ(r, (uint64_t)rc, 0);
        return;
    }
    if (rc) {
        UNIT_CHECK_EQ(r, (uint64_t)-rc, EAGAIN);
        UNIT_CHECK(r, w->commits != t->commits);
        w->conflicts++;
        return;
    }
    for (i = 0; i < t->nr; i++) {
        struct outcome now = model_do(&w->model, &t->step[i]);

        UNIT_CHECK(r, same_outcome(&now, &t->outcome[i]));
    }
    w->commits++;
    w->committed++;
}

static void single_step(struct unit_random *r, struct world *w)
{
    struct step step = random_step(r);
    struct outcome is = store_do(UNIT_ONE_OF(r, w->view), NULL, &step);
    struct outcome wanted = model_do(&w->model, &step);

    UNIT_CHECK(r, same_outcome(&is, &wanted));
    w->commits += step.kind <= RM || step.kind == SET_PERMS;
}

static void random_step_of_world(struct unit_random *r, struct world *w)
{
    struct open_txn *t = &w->txn[unit_below(r, TXNS)];

    if (unit_once_in(r, 3))
        single_step(r, w);
    else if (!t->txn)
        txn_start(r, w, t);
    else if (t->nr < STEPS && !unit_once_in(r, 8))
        txn_step(r, t);
    else
        txn_finish(r, w, t);
}

START_TEST(random_operations)
{
    struct world *w = calloc(1, sizeof(*w));
    struct unit_random r = unit_random_case((uint64_t)_i);
    unsigned int i;

    /* Small ones have to be compacted all the time. */
    new_host((_i & 1 ? 300 : 30) * FX_PAGE_SIZE);
    for (i = 0; i < VIEWS; i++)
        w->view[i] = new_view();
    model_init(&w->model);
    for (i = 0; i < 4000; i++)
        random_step_of_world(&r, w);
    for (i = 0; i < TXNS; i++)
        if (w->txn[i].txn)
            UNIT_CHECK_EQ(
                &r, (uint64_t)fx_store_end(w->txn[i].view, w->txn[i].txn, true),
                0);
    for (i = 0; i < VIEWS; i++) {
        UNIT_CHECK(&r, store_is(w->view[i], &w->model));
        fx_store_close(w->view[i]);
    }
    w->view[0] = new_view();
    UNIT_CHECK(&r, store_is(w->view[0], &w->model));
    fx_store_close(w->view[0]);
    ck_assert_uint_gt(w->conflicts, 10);
    ck_assert_uint_gt(w->committed, 10);
    drop_host();
    free(w);
}
END_TEST

/* -- killed -- */

/* A change of several nodes at once, or of one. */
static void victim_step(struct unit_random *r, struct fx_store *view)
{
    struct fx_txn *txn = NULL;
    unsigned int i, nr = unit_once_in(r, 2) ? 5 : 1;
    struct step step;

    if (nr > 1)
        (void)!fx_store_begin(view, &txn);
    for (i = 0; i < nr; i++) {
        step = random_step(r);
        store_do(view, txn, &step);
    }
    if (txn)
        (void)!fx_store_end(view, txn, false);
}

static void model_victim_step(struct unit_random *r, struct model *m)
{
    unsigned int i, nr = unit_once_in(r, 2) ? 5 : 1;
    struct step step;

    for (i = 0; i < nr; i++) {
        step = random_step(r);
        model_do(m, &step);
    }
}

static void __attribute__((noreturn)) victim(uint64_t number, uint64_t *count)
{
    struct unit_random r = unit_random_case(number);
    struct fx_store *view = new_view();

    for (;;) {
        victim_step(&r, view);
        __atomic_add_fetch(count, 1, __ATOMIC_RELEASE);
    }
}

START_TEST(killed)
{
    struct unit_random r = unit_random_case((uint64_t)_i), steps = r;
    uint64_t *count = mmap(NULL, FX_PAGE_SIZE, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct model *m = calloc(1, sizeof(*m));
    struct fx_store *view;
    uint64_t i, done;
    pid_t pid;

    new_host(24 * FX_PAGE_SIZE);
    ck_assert_ptr_ne(count, MAP_FAILED);
    pid = fork();
    if (!pid)
        victim((uint64_t)_i, count);
    ck_assert_int_gt(pid, 0);
    while (!__atomic_load_n(count, __ATOMIC_ACQUIRE))
        usleep(100);
    usleep((useconds_t)unit_below(&r, 8000));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    done = *count;
    model_init(m);
    for (i = 0; i < done; i++)
        model_victim_step(&steps, m);
    view = new_view();
    if (!store_is(view, m)) { /* then the one that was under way is done */
        model_victim_step(&steps, m);
        UNIT_CHECK(&r, store_is(view, m));
    }
    fx_store_close(view);
    munmap(count, FX_PAGE_SIZE);
    drop_host();
    free(m);
}
END_TEST

/* -- full, damaged, wrong -- */

START_TEST(full)
{
    struct fx_store *view;
    char path[40], value[2000];
    void *data;
    size_t len;
    int i, rc = 0;

    new_host(16 * FX_PAGE_SIZE);
    view = new_view();
    memset(value, 'x', sizeof(value));
    for (i = 0; !rc && i < 1000; i++) {
        snprintf(path, sizeof(path), "/fill/%d", i);
        rc = fx_store_write(view, NULL, path, value, sizeof(value));
    }
    ck_assert_int_eq(rc, -ENOSPC);
    ck_assert_int_gt(i, 10);
    ck_assert_int_eq(fx_store_read(view, NULL, path, &data, &len), -ENOENT);
    ck_assert_int_eq(fx_store_read(view, NULL, "/fill/0", &data, &len), 0);
    ck_assert_uint_eq(len, sizeof(value));
    free(data);
    ck_assert_int_eq(fx_store_rm(view, NULL, "/fill"), 0);
    ck_assert_int_eq(fx_store_write(view, NULL, path, value, sizeof(value)), 0);
    fx_store_close(view);
    drop_host();
}
END_TEST

/* Whoever opens a host replays the log. */
START_TEST(log_stays_short)
{
    struct fx_store *view, *other;
    char value[16];
    size_t longest = 0, used;
    void *data;
    size_t len;
    int i;

    new_host(2048 * FX_PAGE_SIZE);
    view = new_view();
    other = new_view();
    for (i = 0; i < 20000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        ck_assert_int_eq(
            fx_store_write(view, NULL, "/often", value, strlen(value)), 0);
        used = view->header->state & (UINT64_MAX >> 1);
        longest = used > longest ? used : longest;
    }
    ck_assert_uint_lt(longest, super.store_bytes / 16);
    ck_assert_int_eq(fx_store_read(other, NULL, "/often", &data, &len), 0);
    ck_assert_str_eq(data, "19999");
    free(data);
    fx_store_close(other);
    fx_store_close(view);
    drop_host();
}
END_TEST

START_TEST(damaged)
{
    struct unit_random r = unit_random_case((uint64_t)_i);
    struct fx_store *view;
    struct step step;
    int i, rc;

    new_host(16 * FX_PAGE_SIZE);
    view = new_view();
    for (i = 0; i < 60; i++) {
        step = random_step(&r);
        store_do(view, NULL, &step);
    }
    fx_store_close(view);
    for (i = 1 + (int)unit_below(&r, 6); i--;)
        host.store[unit_once_in(&r, 3) ? unit_below(&r, 24)
                                       : unit_below(&r, super.store_bytes)] =
            (uint8_t)unit_random64(&r);
    rc = fx_store_open(&host, NULL, NULL, &view);
    UNIT_CHECK(&r, !rc || rc == -EIO);
    for (i = 0; !rc && i < 200; i++) {
        step = random_step(&r);
        store_do(view, NULL, &step);
    }
    if (!rc)
        fx_store_close(view);
    drop_host();
}
END_TEST

START_TEST(paths)
{
    static const char *const bad[] = {"",     "//",   "/a/",    "/a//b", "@a",
                                      "/a b", "/a.b", "/a\x80", "a/"};
    static const char relative[] = "a";
    struct fx_store *view;
    char longest[4200];
    void *data;
    size_t i, len;

    new_host(300 * FX_PAGE_SIZE);
    view = new_view();
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(fx_store_write(view, NULL, bad[i], "", 0), -EINVAL);
    ck_assert_int_eq(fx_store_write(view, NULL, relative, "v", 1), 0);
    ck_assert_int_eq(
        fx_store_read(view, NULL, "/local/domain/0/a", &data, &len), 0);
    ck_assert_str_eq(data, "v");
    free(data);
    /* XENSTORE_REL_PATH_MAX, and what is relative to a home besides. */
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[XENSTORE_REL_PATH_MAX] = '\0';
    ck_assert_int_eq(fx_store_mkdir(view, NULL, longest), 0);
    longest[XENSTORE_REL_PATH_MAX] = 'a';
    longest[XENSTORE_REL_PATH_MAX + 1] = '\0';
    ck_assert_int_eq(fx_store_mkdir(view, NULL, longest), -EINVAL);
    memcpy(longest, "/local/domain/7/", 16);
    longest[XENSTORE_REL_PATH_MAX + 16] = '\0';
    ck_assert_int_eq(fx_store_mkdir(view, NULL, longest), 0);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_int_eq(
        fx_store_write(view, NULL, "/a", longest, XENSTORE_PAYLOAD_MAX - 3), 0);
    ck_assert_int_eq(
        fx_store_write(view, NULL, "/a", longest, XENSTORE_PAYLOAD_MAX - 2),
        -E2BIG);
    fx_store_close(view);
    drop_host();
}
END_TEST

/* -- watches -- */

static char fired[4096];

static void note(void *arg, const char *path, bool exact)
{
    size_t used = strlen(fired);

    (void)arg;
    snprintf(fired + used, sizeof(fired) - used, "%s%s ", path,
             exact ? "!" : "");
}

START_TEST(changes_are_told)
{
    struct fx_store *view, *other;
    struct fx_txn *txn;

    new_host(300 * FX_PAGE_SIZE);
    view = new_view();
    ck_assert_int_eq(fx_store_open(&host, note, NULL, &other), 0);
    ck_assert_str_eq(fired, "");
    ck_assert_int_eq(fx_store_write(view, NULL, "/x/y/z", "1", 1), 0);
    ck_assert_int_eq(fx_store_mkdir(view, NULL, "/x/y"), 0);
    ck_assert_int_eq(fx_store_sync(other), 0);
    ck_assert_str_eq(fired, "/x/y/z ");
    *fired = '\0';
    ck_assert_int_eq(fx_store_begin(view, &txn), 0);
    ck_assert_int_eq(fx_store_write(view, txn, "/t", "1", 1), 0);
    ck_assert_int_eq(fx_store_sync(other), 0);
    ck_assert_str_eq(fired, "");
    ck_assert_int_eq(fx_store_end(view, txn, false), 0);
    ck_assert_int_eq(fx_store_rm(view, NULL, "/x"), 0);
    ck_assert_int_eq(fx_store_introduce(view, 5), 0);
    ck_assert_int_eq(fx_store_release(view, 5), 0);
    ck_assert_int_eq(fx_store_release(view, 5), -ENOENT);
    ck_assert_int_eq(fx_store_sync(other), 0);
    ck_assert_str_eq(fired, "/t /x/y! /x/y/z! /x @introduceDomain! "
                            "@releaseDomain! ");
    *fired = '\0';
    ck_assert_int_eq(fx_store_write(other, NULL, "/own", "1", 1), 0);
    ck_assert_str_eq(fired, "/own ");
    fx_store_close(view);
    fx_store_close(other);
    drop_host();
}
END_TEST

/* Across a compaction, where there is no record of the single change. */
START_TEST(changes_are_told_late)
{
    struct fx_store *view, *other;
    int i;

    new_host(16 * FX_PAGE_SIZE);
    view = new_view();
    ck_assert_int_eq(fx_store_open(&host, note, NULL, &other), 0);
    *fired = '\0';
    ck_assert_int_eq(fx_store_introduce(view, 5), 0);
    for (i = 0; i < 2000; i++)
        ck_assert_int_eq(fx_store_write(view, NULL, "/n", "1", 1), 0);
    ck_assert_int_eq(fx_store_sync(other), 0);
    ck_assert_ptr_nonnull(strstr(fired, "/n "));
    ck_assert_ptr_nonnull(strstr(fired, "@introduceDomain! "));
    ck_assert(fx_store_is_introduced(other, 5));
    fx_store_close(view);
    fx_store_close(other);
    drop_host();
}
END_TEST

/* Domains end, as the machine knows and the store is to learn. */
static void ends(unsigned int domid, bool dying)
{
    super.domain[domid].dying = dying;
    super.domain[domid].exists = dying;
    fx_wake(&host);
}

static void own(struct fx_store *view, const char *path, unsigned int domid)
{
    struct xs_permissions perm = {.id = domid};

    ck_assert_int_eq(fx_store_mkdir(view, NULL, path), 0);
    ck_assert_int_eq(fx_store_set_perms(view, NULL, path, &perm, 1), 0);
}

static bool has(struct fx_store *view, const char *path)
{
    void *value;
    size_t len;

    if (fx_store_read(view, NULL, path, &value, &len))
        return false;
    free(value);
    return true;
}

START_TEST(domains_end)
{
    struct fx_store *view, *other;
    struct fx_txn *txn;

    new_host(300 * FX_PAGE_SIZE);
    view = new_view();
    ck_assert_int_eq(fx_store_open(&host, note, NULL, &other), 0);
    ck_assert_int_eq(fx_store_introduce(view, 5), 0);
    ck_assert_int_eq(fx_store_introduce(view, 6), 0);
    own(view, "/d/5", 5);
    own(view, "/d/5/x", 0); /* goes with what it is in */
    own(view, "/d/5/y", 5);
    own(view, "/d/6", 6);
    own(view, "/d/6/of5", 5);
    own(view, "/d/7", 7); /* never connected */
    ck_assert_int_eq(fx_store_bury(other), 0);
    *fired = '\0';

    ck_assert_int_eq(fx_store_bury(other), 0);
    ck_assert_str_eq(fired, "");
    ck_assert_int_eq(fx_store_begin(view, &txn), 0);
    ck_assert_int_eq(fx_store_write(view, txn, "/d/6/of5", "1", 1), 0);
    ends(5, true);
    ck_assert_int_eq(fx_store_bury(other), 0);
    ck_assert_str_eq(fired, "/d/5/x! /d/5/y! /d/5 /d/6/of5 @releaseDomain! ");
    ck_assert_int_eq(fx_store_end(view, txn, false), -EAGAIN);
    ck_assert(!fx_store_is_introduced(view, 5));
    ck_assert(fx_store_is_introduced(view, 6));
    ck_assert(!has(view, "/d/5") && has(view, "/d/6") && has(view, "/d/7"));
    ck_assert(!has(view, "/d/6/of5"));
    *fired = '\0';

    ends(7, false);
    ck_assert_int_eq(fx_store_bury(other), 0);
    ck_assert_str_eq(fired, "/d/7 ");
    *fired = '\0';
    ck_assert_int_eq(fx_store_bury(view), 0); /* once is enough */
    ck_assert_int_eq(fx_store_bury(other), 0);
    ck_assert_str_eq(fired, "");

    /* Whoever is released leaves nothing either. */
    ck_assert_int_eq(fx_store_release(view, 6), 0);
    ck_assert(!has(view, "/d/6") && has(view, "/d"));
    fx_store_close(view);
    fx_store_close(other);
    drop_host();
}
END_TEST

/* As a damaged file may have it: two names for one domain that is gone. */
START_TEST(odd_connections_end)
{
    static const char *const odd[] = {"@domain/0099", "@domain/-1",
                                      "@domain/99x", "@domain/x"};
    struct xs_permissions perm = {0};
    struct fx_store *view;
    struct fx_ops ops = {0};
    size_t i;

    new_host(300 * FX_PAGE_SIZE);
    view = new_view();
    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct fx_node node = {.path = (char *)odd[i],
                               .path_bytes = strlen(odd[i]) + 1,
                               .perms = &perm,
                               .nr_perms = 1};

        ck_assert_int_eq(fx_ops_put(&ops, &node, 0), 0);
    }
    ck_assert_int_eq(fx_store_commit(view, &ops), 0);
    ck_assert_int_eq(fx_store_bury(view), 0);
    ck_assert_ptr_null(fx_nodes_get(&view->tree, odd[0]));
    ck_assert_ptr_null(fx_nodes_get(&view->tree, odd[1]));
    free(ops.bytes);
    fx_store_close(view);
    drop_host();
}
END_TEST

/* Owners have to exist; all others may come later. */
START_TEST(owners_exist)
{
    struct xs_permissions perms[] = {{.id = DOMAINS}, {.id = DOMAINS}}, *is;
    struct fx_store *view;
    unsigned int nr;

    new_host(300 * FX_PAGE_SIZE);
    view = new_view();
    ck_assert_int_eq(fx_store_mkdir(view, NULL, "/p"), 0);
    ck_assert_int_eq(fx_store_set_perms(view, NULL, "/p", perms, 2), -ENOENT);
    ck_assert_int_eq(fx_store_get_perms(view, NULL, "/p", &is, &nr), 0);
    ck_assert(nr == 1 && is[0].id == 0);
    free(is);
    perms[0].id = 1;
    ck_assert_int_eq(fx_store_set_perms(view, NULL, "/p", perms, 2), 0);
    ck_assert_int_eq(fx_store_get_perms(view, NULL, "/p", &is, &nr), 0);
    ck_assert(nr == 2 && is[0].id == 1 && is[1].id == DOMAINS);
    free(is);
    ck_assert_uint_eq(fx_store_owned(view, NULL, 1), 1);
    ck_assert_int_eq(fx_store_mkdir(view, NULL, "/p/below"), 0);
    ck_assert_uint_eq(fx_store_owned(view, NULL, 1), 2);
    ck_assert_uint_eq(fx_store_owned(view, NULL, DOMAINS), 0);
    ck_assert_int_eq(fx_store_bury(view), 0);
    ck_assert(has(view, "/p"));
    ck_assert_int_eq(fx_store_set_perms(view, NULL, "@releaseDomain", perms, 2),
                     0);
    ck_assert_int_eq(
        fx_store_set_perms(view, NULL, "@introduceDomain", perms, 2), 0);
    ck_assert_int_eq(fx_store_set_perms(view, NULL, "@domain/5", perms, 2),
                     -EINVAL);
    fx_store_close(view);
    drop_host();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fx_store");
    TCase *tc = tcase_create("fx_store");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, random_operations, 0, 12);
    tcase_add_loop_test(tc, killed, 0, 40);
    tcase_add_test(tc, full);
    tcase_add_test(tc, log_stays_short);
    tcase_add_loop_test(tc, damaged, 0, 300);
    tcase_add_test(tc, paths);
    tcase_add_test(tc, changes_are_told);
    tcase_add_test(tc, changes_are_told_late);
    tcase_add_test(tc, domains_end);
    tcase_add_test(tc, odd_connections_end);
    tcase_add_test(tc, owners_exist);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
