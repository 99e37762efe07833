/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen's foreign mappings: what they show, what they hold, and all the ways
 * in which they end.
 */
#include "machine/frames.h"
#include "machine/lock.h"
#include "test_fx_host.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <xen/memory.h>

#include <xenforeignmemory.h>

#include "memory/mapping.h"
#include "memory/page_type.h"
#include "preload/process_host.h"
#include "preload/trace.h"
#include "unit_random.h"

#define DOMID 3
#define PAGES 16

static char path[64];
static struct fx_host *host;
static xenforeignmemory_handle *fmem;
static xen_pfn_t mfn[PAGES];

static void setup(void)
{
    struct fx_domain *domain;
    int i;

    setenv("FAKEXEN_HOST", fx_new_path(path), 1);
    setenv("FAKEXEN_MEMORY", "16M", 1);
    fmem = xenforeignmemory_open(NULL, 0);
    ck_assert_ptr_nonnull(fmem);
    host = fx_process_host();
    fx_lock(host);
    domain = fx_new_domain(host, DOMID);
    for (i = 0; i < PAGES; i++) {
        mfn[i] = fx_new_frame(host, domain);
        sprintf(fx_page(host, mfn[i]), "page %d", i);
    }
    fx_unlock(host);
}

static void teardown(void)
{
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    if (fx_domain(host, DOMID))
        fx_end_domain(host, fx_domain(host, DOMID));
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    fx_unlock(host);
    xenforeignmemory_close(fmem);
    fx_end_path(path);
}

static void *map(int prot, size_t pages)
{
    char *p = xenforeignmemory_map(fmem, DOMID, prot, pages, mfn, NULL);

    FX_MUST(p);
    return p;
}

/* References and types of each page; `extra` have one more. */
static void assert_held(uint32_t extra, bool writable)
{
    int i;

    for (i = 0; i < PAGES; i++) {
        const struct fx_frame *frame = fx_frame(host, mfn[i]);
        uint32_t more = extra >> i & 1;

        ck_assert_uint_eq(frame->refs, 1 + more);
        ck_assert_uint_eq(frame->type & FX_T_COUNT_MASK, writable ? more : 0);
        if (writable && more)
            ck_assert_int_eq(FX_T_TYPE(frame->type), FX_WRITABLE);
    }
}

START_TEST(pages_are_seen)
{
    char text[16], *p = map(PROT_READ, PAGES);
    int i;

    for (i = 0; i < PAGES; i++) {
        snprintf(text, sizeof(text), "page %d", i);
        ck_assert_str_eq(p + i * FX_PAGE_SIZE, text);
    }
    assert_held(0xffff, false);
    ck_assert_int_eq(mprotect(p, FX_PAGE_SIZE, PROT_READ | PROT_WRITE), -1);
    ck_assert_int_eq(errno, EACCES);
    ck_assert_int_eq(xenforeignmemory_unmap(fmem, p, PAGES), 0);
    assert_held(0, false);
    p = map(PROT_READ | PROT_WRITE, PAGES);
    strcpy(p + 3 * FX_PAGE_SIZE, "written");
    ck_assert_str_eq(fx_page(host, mfn[3]), "written");
    assert_held(0xffff, true);
    ck_assert_int_eq(munmap(p, PAGES * FX_PAGE_SIZE), 0);
    assert_held(0, true);
}
END_TEST

START_TEST(parts_end_by_themselves)
{
    char *p = map(PROT_READ | PROT_WRITE, PAGES);

    ck_assert_int_eq(munmap(p + 4 * FX_PAGE_SIZE, 3 * FX_PAGE_SIZE - 100), 0);
    assert_held(0xff8f, true);
    ck_assert_str_eq(p + 3 * FX_PAGE_SIZE, "page 3");
    ck_assert_int_eq(munmap(p + 15 * FX_PAGE_SIZE, 4096), 0);
    assert_held(0x7f8f, true);
    ck_assert_int_eq(munmap(p, 1), 0);
    assert_held(0x7f8e, true);
    ck_assert_int_eq(munmap(p + 3 * FX_PAGE_SIZE, 5 * FX_PAGE_SIZE), 0);
    assert_held(0x7f06, true);
    ck_assert_int_eq(munmap(p + 1, FX_PAGE_SIZE), -1);
    ck_assert_int_eq(errno, EINVAL);
    assert_held(0x7f06, true);
    ck_assert_int_eq(munmap(p, PAGES * FX_PAGE_SIZE), 0);
    assert_held(0, true);
    ck_assert_uint_eq(host->super->mapping_slots, 0);
}
END_TEST

START_TEST(another_mapping_takes_the_place)
{
    char *p = map(PROT_READ, PAGES), *q;

    ck_assert_ptr_eq(mmap(p + FX_PAGE_SIZE, FX_PAGE_SIZE, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                     p + FX_PAGE_SIZE);
    assert_held(0xfffd, false);
    q = xenforeignmemory_map2(fmem, DOMID, p, PROT_READ, MAP_FIXED, 2, mfn + 4,
                              NULL);
    ck_assert_ptr_eq(q, p);
    ck_assert_str_eq(p, "page 4");
    munmap(p, PAGES * FX_PAGE_SIZE);
    assert_held(0, false);
}
END_TEST

START_TEST(random_parts)
{
    struct unit_random r = unit_random_case((uint64_t)_i);
    bool there[PAGES];
    uint32_t held;
    int i, k;

    for (i = 0; i < 200; i++) {
        char *p = map(PROT_READ | PROT_WRITE, PAGES);

        memset(there, true, sizeof(there));
        do {
            uint64_t first = unit_below(&r, PAGES);
            uint64_t n = 1 + unit_below(&r, PAGES - first);

            ck_assert_int_eq(munmap(p + first * FX_PAGE_SIZE, n * FX_PAGE_SIZE),
                             0);
            memset(there + first, false, n);
            for (k = 0, held = 0; k < PAGES; k++)
                held |= (uint32_t)there[k] << k;
            assert_held(held, true);
        } while (held);
    }
}
END_TEST

START_TEST(errors_page_by_page)
{
    xen_pfn_t bad[6] = {mfn[0], 0xfffff0, mfn[1], UINT64_MAX >> 12, mfn[2], 0};
    int err[6], i;
    char *p;

    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, 6, bad, NULL));
    ck_assert_int_eq(errno, EPERM);
    assert_held(0, false);
    p = xenforeignmemory_map(fmem, DOMID, PROT_READ, 6, bad, err);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(err[1], -EPERM);
    ck_assert_int_ne(err[3], 0);
    ck_assert_int_ne(err[5], 0);
    for (i = 0; i < 6; i += 2)
        ck_assert_int_eq(err[i], 0);
    ck_assert_str_eq(p + 4 * FX_PAGE_SIZE, "page 2");
    assert_held(7, false);
    munmap(p, 6 * FX_PAGE_SIZE);
    assert_held(0, false);
}
END_TEST

START_TEST(domains_that_are_none)
{
    int err[2];
    char *p;

    ck_assert_ptr_null(xenforeignmemory_map(fmem, 77, PROT_READ, 2, mfn, NULL));
    ck_assert_int_eq(errno, ESRCH);
    p = xenforeignmemory_map(fmem, 77, PROT_READ, 2, mfn, err);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(err[0], -ESRCH);
    munmap(p, 2 * FX_PAGE_SIZE);
    /* Another's pages. */
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID_SELF, PROT_READ, 1, mfn, NULL));
    ck_assert_int_eq(errno, EBUSY);
}
END_TEST

START_TEST(arguments_that_are_none)
{
    xen_pfn_t *volatile nowhere = (xen_pfn_t *)8;

    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, 0, mfn, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, 3, nowhere, NULL));
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, 3, mfn, (int *)nowhere));
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, SIZE_MAX, mfn, NULL));
    ck_assert_ptr_null(xenforeignmemory_map(fmem, DOMID, PROT_READ,
                                            SIZE_MAX >> 13, mfn, NULL));
    assert_held(0, false);
    ck_assert_int_eq(xenforeignmemory_restrict(fmem, DOMID + 1), 0);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, 1, mfn, NULL));
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(tables_are_not_written_to)
{
    struct fx_domain *domain = fx_domain(host, DOMID);
    char *p;

    fx_lock(host);
    memset(fx_page(host, mfn[2]), 0, FX_PAGE_SIZE);
    ck_assert_int_eq(fx_pin(host, domain, mfn[2], 1), 0);
    fx_unlock(host);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_WRITE, PAGES, mfn, NULL));
    ck_assert_int_eq(errno, EBUSY);
    p = map(PROT_READ, PAGES);
    fx_lock(host);
    ck_assert_int_eq(fx_unpin(host, domain, mfn[2]), 0);
    fx_unlock(host);
    munmap(p, PAGES * FX_PAGE_SIZE);
    p = map(PROT_READ | PROT_WRITE, PAGES);
    fx_lock(host);
    ck_assert_int_eq(fx_pin(host, domain, mfn[2], 1), -EINVAL);
    fx_unlock(host);
    munmap(p, PAGES * FX_PAGE_SIZE);
}
END_TEST

START_TEST(the_m2p_is_read_only)
{
    xen_pfn_t at = fx_m2p_mfn(host->super), compat;
    uint32_t *q;
    uint64_t *p;

    fx_lock(host);
    fx_m2p_set(host, mfn[0], 1234);
    fx_unlock(host);
    at += mfn[0] * 8 / FX_PAGE_SIZE;
    compat = fx_compat_m2p_mfn(host->super) + mfn[0] * 4 / FX_PAGE_SIZE;
    p = xenforeignmemory_map(fmem, DOMID_XEN, PROT_READ, 1, &at, NULL);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(p[mfn[0] % 512], 1234);
    q = xenforeignmemory_map(fmem, DOMID_XEN, PROT_READ, 1, &compat, NULL);
    ck_assert_ptr_nonnull(q);
    ck_assert_uint_eq(q[mfn[0] % 1024], 1234);
    munmap(p, FX_PAGE_SIZE);
    munmap(q, FX_PAGE_SIZE);
    ck_assert_ptr_null(xenforeignmemory_map(
        fmem, DOMID_XEN, PROT_READ | PROT_WRITE, 1, &at, NULL));
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID_XEN, PROT_READ, 1, mfn, NULL));
    ck_assert_int_eq(errno, EBUSY); /* as real Xen: tests/conformance */
    at = fx_compat_m2p_mfn(host->super) + fx_m2p_frames(host->super, 4);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID_XEN, PROT_READ, 1, &at, NULL));
}
END_TEST

START_TEST(grant_frames_are_a_resource)
{
    xenforeignmemory_resource_handle *fres;
    void *p = NULL;
    size_t size;

    fres =
        xenforeignmemory_map_resource(fmem, DOMID, XENMEM_resource_grant_table,
                                      XENMEM_resource_grant_table_id_shared, 0,
                                      3, &p, PROT_READ | PROT_WRITE, 0);
    ck_assert_ptr_nonnull(fres);
    memset(p, 1, 3 * FX_PAGE_SIZE);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_domain_kill(host, fx_domain(host, DOMID));
    ck_assert_ptr_nonnull(fx_domain(host, DOMID));
    fx_unlock(host);
    ck_assert_int_eq(xenforeignmemory_unmap_resource(fmem, fres), 0);
    ck_assert_ptr_null(fx_domain(host, DOMID));
    ck_assert_ptr_null(xenforeignmemory_map_resource(
        fmem, DOMID, XENMEM_resource_grant_table, 0, 0, 1, &p, PROT_READ, 0));
    ck_assert_int_eq(errno, ESRCH);
    ck_assert_int_eq(xenforeignmemory_resource_size(fmem, DOMID, 1, 0, &size),
                     -1);
}
END_TEST

START_TEST(resources_that_are_none)
{
    size_t size;
    xenforeignmemory_resource_handle *none;
    void *p = NULL;
    int type, id, frame;

    ck_assert_int_eq(xenforeignmemory_resource_size(fmem, DOMID, 1, 0, &size),
                     0);
    ck_assert_uint_eq(size, 4 * FX_PAGE_SIZE);
    for (type = 0; type < 4; type++)
        for (id = 0; id < 3; id++)
            for (frame = 0; frame < 6; frame++)
                if (type != 1 || id || frame >= 4)
                    ck_assert_ptr_null(xenforeignmemory_map_resource(
                        fmem, DOMID, (unsigned int)type, (unsigned int)id,
                        (unsigned long)frame, 1, &p, PROT_READ, 0));
    ck_assert_ptr_null(xenforeignmemory_map_resource(
        fmem, DOMID, 1, 0, ULONG_MAX, 4, &p, PROT_READ, 0));
    ck_assert_ptr_null(xenforeignmemory_map_resource(
        fmem, DOMID, 1, 0, 0, ULONG_MAX, &p, PROT_READ, 0));
    /* No frames at all are no failure: tests/conformance. */
    none = xenforeignmemory_map_resource(fmem, DOMID, 1, 0, 0, 0, &p, PROT_READ,
                                         0);
    ck_assert_ptr_nonnull(none);
    ck_assert_ptr_null(p);
    ck_assert_int_eq(xenforeignmemory_unmap_resource(fmem, none), 0);
    ck_assert_ptr_null(xenforeignmemory_map_resource(fmem, DOMID, 1, 0, 0, 1,
                                                     &p, PROT_READ, MAP_FIXED));
}
END_TEST

/* -- and the process is gone -- */

/* What a child does that has mapped all. */
enum fate {
    EXITS,
    IS_KILLED,
    RUNS_ANOTHER_PROGRAM,
    WAITS,
    CLOSES_ALL_FILES,
    ENDS_ITS_MAIN_THREAD,
    LEAVES_A_CHILD,     /* and exits */
    LEAVES_A_RAW_CHILD, /* of which the C library does not know */
};

static int ready[2], hold[2]; /* "y" when it is done; open as long as we are */

static void wait_for_the_end(void)
{
    char c;

    close(hold[1]);
    (void)!read(hold[0], &c, 1);
    _exit(0);
}

static void *outlive_main(void *main_thread)
{
    pthread_join(*(pthread_t *)main_thread, NULL);
    FX_MUST(write(ready[1], "y", 1) == 1);
    pause();
    return NULL;
}

static void meet_fate(enum fate fate)
{
    static pthread_t main_thread, thread;
    pid_t pid;

    switch (fate) {
    case CLOSES_ALL_FILES:
        dup2(ready[1], STDIN_FILENO);
        closefrom(1);
        ready[1] = STDIN_FILENO;
        break;
    case ENDS_ITS_MAIN_THREAD:
        main_thread = pthread_self();
        FX_MUST(!pthread_create(&thread, NULL, outlive_main, &main_thread));
        pthread_exit(NULL);
    case LEAVES_A_CHILD:
    case LEAVES_A_RAW_CHILD:
        pid = fate == LEAVES_A_CHILD ? fork()
                                     : (pid_t)syscall(SYS_clone, SIGCHLD, 0);
        FX_MUST(pid >= 0);
        if (!pid)
            wait_for_the_end();
        break;
    default:
        break;
    }
    FX_MUST(write(ready[1], "y", 1) == 1);
    if (fate == IS_KILLED)
        raise(SIGKILL);
    if (fate == RUNS_ANOTHER_PROGRAM)
        execl("/bin/sleep", "sleep", "60", (char *)NULL);
    if (fate == WAITS || fate == CLOSES_ALL_FILES)
        pause();
    _exit(0);
}

static pid_t mapping_child(enum fate fate)
{
    pid_t pid;
    char c;

    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(hold), 0);
    pid = fork();
    if (pid == 0) {
        map(PROT_READ | PROT_WRITE, PAGES);
        meet_fate(fate);
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* With whatever it left behind. */
static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(hold[0]);
    close(hold[1]);
}

/* The pages that are free of their holders now. */
static uint64_t reaped(void)
{
    uint64_t pages;

    fx_lock(host);
    pages = fx_mapping_reap(host);
    fx_unlock(host);
    return pages;
}

static const enum fate deaths[] = {
    EXITS,          IS_KILLED,         RUNS_ANOTHER_PROGRAM,
    WAITS, /* until we kill it */
    LEAVES_A_CHILD, LEAVES_A_RAW_CHILD};

START_TEST(dead_processes_hold_nothing)
{
    pid_t pid = mapping_child(deaths[_i]);

    /* Dead, but not collected yet: that is dead enough. */
    if (deaths[_i] == RUNS_ANOTHER_PROGRAM || deaths[_i] == WAITS)
        kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
    assert_held(0xffff, true);
    ck_assert_uint_eq(reaped(), PAGES);
    assert_held(0, true);
    end_child(pid);
}
END_TEST

START_TEST(another_program_has_nothing_mapped)
{
    pid_t pid = mapping_child(RUNS_ANOTHER_PROGRAM);
    uint64_t pages = 0;

    while (!pages) {
        ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
        pages = reaped();
    }
    ck_assert_uint_eq(pages, PAGES);
    end_child(pid);
}
END_TEST

static const enum fate lives[] = {WAITS, CLOSES_ALL_FILES,
                                  ENDS_ITS_MAIN_THREAD};

START_TEST(living_processes_hold_what_they_have)
{
    pid_t pid = mapping_child(lives[_i]);

    ck_assert_uint_eq(reaped(), 0);
    assert_held(0xffff, true);
    fx_host_close(
        fx_open_path(path)); /* nor does whoever comes next see it so */
    assert_held(0xffff, true);
    end_child(pid);
    ck_assert_uint_eq(reaped(), PAGES);
    assert_held(0, true);
}
END_TEST

/* Whose process has the ID of another one here. */
START_TEST(namespaces_of_processes_do_not_matter)
{
    pid_t pid, inner;
    char c;

    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(hold), 0);
    pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID)) {
            FX_MUST(write(ready[1], "n", 1) == 1);
            _exit(0);
        }
        inner = fork();
        FX_MUST(inner >= 0);
        if (inner == 0) {
            FX_MUST(getpid() == 1);
            map(PROT_READ | PROT_WRITE, PAGES);
            FX_MUST(write(ready[1], "y", 1) == 1);
            wait_for_the_end();
        }
        close(hold[1]);
        waitpid(inner, NULL, 0);
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    if (c == 'y') {
        ck_assert_uint_eq(reaped(), 0);
        assert_held(0xffff, true);
        close(hold[1]);
        waitpid(pid, NULL, 0);
        ck_assert_uint_eq(reaped(), PAGES);
    } else {
        fputs("no namespaces for processes here\n", stderr);
    }
    waitpid(pid, NULL, 0);
}
END_TEST

/* One is gone, and the next has what that had, but for its number. */
START_TEST(names_are_not_used_again)
{
    pid_t pid[2];

    pid[0] = mapping_child(EXITS);
    waitpid(pid[0], NULL, 0);
    pid[1] = mapping_child(WAITS);
    ck_assert_uint_eq(reaped(), PAGES);
    assert_held(0xffff, true);
    end_child(pid[1]);
    ck_assert_uint_eq(reaped(), PAGES);
    assert_held(0, true);
}
END_TEST

START_TEST(a_conflict_with_the_dead_is_none)
{
    struct fx_domain *domain = fx_domain(host, DOMID);
    pid_t pid = mapping_child(WAITS);
    char *p;

    fx_lock(host);
    ck_assert_uint_eq(fx_mapping_reap(host), 0);
    memset(fx_page(host, mfn[0]), 0, FX_PAGE_SIZE);
    ck_assert_int_eq(fx_pin(host, domain, mfn[0], 1), -EINVAL);
    fx_unlock(host);
    end_child(pid);
    p = map(PROT_READ, 1);
    munmap(p, FX_PAGE_SIZE);
    fx_host_close(fx_open_path(path)); /* whoever comes next finds them free */
    assert_held(0, true);
}
END_TEST

START_TEST(children_have_no_part_in_it)
{
    char *p = map(PROT_READ, PAGES);
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        munmap(map(PROT_READ, PAGES), PAGES * FX_PAGE_SIZE);
        _exit(munmap(p, PAGES * FX_PAGE_SIZE));
    }
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    assert_held(0xffff, false);
    pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        _exit(*(volatile char *)p);
    }
    waitpid(pid, &status, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_held(0xffff, false);
    /* What it maps itself is its own, and ends with it alone. */
    pid = mapping_child(EXITS);
    waitpid(pid, NULL, 0);
    ck_assert_uint_eq(fx_frame(host, mfn[0])->refs, 3);
    ck_assert_uint_eq(reaped(), PAGES);
    assert_held(0xffff, false);
    munmap(p, PAGES * FX_PAGE_SIZE);
}
END_TEST

/* -- while other threads are busy -- */

static char *volatile place; /* of PAGES pages */
static volatile bool enough;

/* How often there was room for a page where none must be. */
static void *map_in_between(void *unused)
{
    uintptr_t rooms = 0;

    (void)unused;
    while (!enough) {
        void *p =
            mmap(place, FX_PAGE_SIZE, PROT_READ,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

        rooms += p != MAP_FAILED;
    }
    return (void *)rooms;
}

/* Each second frame, so that each takes a mapping of its own. */
static void map_again_and_again(int times)
{
    xen_pfn_t some[PAGES / 2];
    int i;

    for (i = 0; i < PAGES / 2; i++)
        some[i] = mfn[2 * i];
    for (i = 0; i < times; i++)
        ck_assert_ptr_eq(xenforeignmemory_map2(fmem, DOMID, place, PROT_READ,
                                               MAP_FIXED, PAGES / 2, some,
                                               NULL),
                         place);
}

START_TEST(nothing_gets_in_between)
{
    pthread_t thread;
    void *rooms;

    enough = false;
    place = map(PROT_READ, PAGES);
    ck_assert_int_eq(pthread_create(&thread, NULL, map_in_between, NULL), 0);
    map_again_and_again(5000);
    enough = true;
    pthread_join(thread, &rooms);
    ck_assert_uint_eq((uintptr_t)rooms, 0);
    munmap(place, PAGES * FX_PAGE_SIZE);
    assert_held(0, false);
}
END_TEST

/* How many children could read a page. */
static void *fork_in_between(void *unused)
{
    uintptr_t readers = 0;
    int i, status, out[2];

    (void)unused;
    FX_MUST(!pipe(out));
    for (i = 0; i < 100; i++) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(write(out[1], place, 1) == 1);
        waitpid(pid, &status, 0);
        readers += status != 0;
    }
    enough = true;
    return (void *)readers;
}

START_TEST(no_child_gets_half_a_mapping)
{
    pthread_t thread;
    void *readers;

    enough = false;
    place = map(PROT_READ, PAGES);
    ck_assert_int_eq(pthread_create(&thread, NULL, fork_in_between, NULL), 0);
    while (!enough)
        map_again_and_again(1);
    pthread_join(thread, &readers);
    ck_assert_uint_eq((uintptr_t)readers, 0);
    munmap(place, PAGES * FX_PAGE_SIZE);
    assert_held(0, false);
}
END_TEST

START_TEST(a_domain_dies_with_its_last_mapping)
{
    char *p = map(PROT_READ, PAGES);

    fx_lock(host);
    fx_domain_kill(host, fx_domain(host, DOMID));
    ck_assert(fx_domain(host, DOMID)->dying);
    ck_assert_uint_eq(fx_domain(host, DOMID)->tot_pages, PAGES);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    ck_assert_str_eq(p, "page 0");
    munmap(p + FX_PAGE_SIZE, (PAGES - 1) * FX_PAGE_SIZE);
    ck_assert_uint_eq(fx_domain(host, DOMID)->tot_pages, 1);
    munmap(p, FX_PAGE_SIZE);
    ck_assert_ptr_null(fx_domain(host, DOMID));
}
END_TEST

START_TEST(slots_run_out)
{
    char *p[FX_MAX_MAPPINGS];
    int i;

    for (i = 0; i < FX_MAX_MAPPINGS; i++)
        p[i] = map(PROT_READ, 3);
    ck_assert_ptr_null(
        xenforeignmemory_map(fmem, DOMID, PROT_READ, 3, mfn, NULL));
    ck_assert_int_eq(errno, ENOMEM);
    /* Two parts would need two slots. */
    ck_assert_int_eq(munmap(p[0] + FX_PAGE_SIZE, FX_PAGE_SIZE), -1);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_str_eq(p[0] + FX_PAGE_SIZE, "page 1");
    for (i = 0; i < FX_MAX_MAPPINGS; i++)
        ck_assert_int_eq(munmap(p[i], 3 * FX_PAGE_SIZE), 0);
    assert_held(0, false);
}
END_TEST

TCase *fx_mapping_case(void)
{
    TCase *tc = tcase_create("mapping");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, pages_are_seen);
    tcase_add_test(tc, parts_end_by_themselves);
    tcase_add_test(tc, another_mapping_takes_the_place);
    tcase_add_loop_test(tc, random_parts, 0, 4);
    tcase_add_test(tc, errors_page_by_page);
    tcase_add_test(tc, domains_that_are_none);
    tcase_add_test(tc, arguments_that_are_none);
    tcase_add_test(tc, tables_are_not_written_to);
    tcase_add_test(tc, the_m2p_is_read_only);
    tcase_add_test(tc, grant_frames_are_a_resource);
    tcase_add_test(tc, resources_that_are_none);
    tcase_add_loop_test(tc, dead_processes_hold_nothing, 0,
                        sizeof(deaths) / sizeof(deaths[0]));
    tcase_add_test(tc, another_program_has_nothing_mapped);
    tcase_add_loop_test(tc, living_processes_hold_what_they_have, 0,
                        sizeof(lives) / sizeof(lives[0]));
    tcase_add_test(tc, namespaces_of_processes_do_not_matter);
    tcase_add_test(tc, names_are_not_used_again);
    tcase_add_test(tc, a_conflict_with_the_dead_is_none);
    tcase_add_test(tc, children_have_no_part_in_it);
    tcase_add_test(tc, nothing_gets_in_between);
    tcase_add_test(tc, no_child_gets_half_a_mapping);
    tcase_add_test(tc, a_domain_dies_with_its_last_mapping);
    tcase_add_test(tc, slots_run_out);
    return tc;
}
