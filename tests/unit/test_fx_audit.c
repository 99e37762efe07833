/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen's audit: it finds each fault that is planted, and repairs what
 * somebody who is killed with the lock held leaves behind.
 */
#include "machine/frames.h"
#include "machine/lock.h"
#include "test_fx_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "memory/page_type.h"
#include "memory/pt_entry.h"
#include "unit_random.h"

#define ID   9
#define DATA 6

static char path[64];
static struct fx_host *host;
static struct fx_domain *domain;
static uint64_t data[DATA], table[4]; /* L1 .. L4 */

static void link_to(uint64_t from, unsigned int slot, uint64_t to,
                    uint64_t flags)
{
    uint64_t *entries = fx_page(host, from);

    entries[slot] = to << FX_PAGE_SHIFT | FX_PRESENT | flags;
}

/* A 64-bit guest's tree: four data pages, two of them writable, and its L1
 * read-only; pinned, and a vCPU's root. */
static void build(void)
{
    struct fx_vcpu_state *state = fx_vcpu_state(host, domain, 0);
    int i;

    for (i = 0; i < DATA; i++)
        data[i] = fx_new_frame(host, domain);
    for (i = 0; i < 4; i++)
        table[i] = fx_new_frame(host, domain);
    for (i = 0; i < 4; i++)
        link_to(table[0], (unsigned int)i, data[i], i < 2 ? FX_RW : 0);
    link_to(table[0], 5, table[0], 0);
    for (i = 1; i < 4; i++)
        link_to(table[i], 0, table[i - 1], FX_RW | FX_USER);
    FX_MUST(!fx_pin(host, domain, table[3], 4));
    FX_MUST(!fx_get_root(host, domain, table[3]));
    state->root = table[3];
    FX_MUST(!fx_get_page_and_type(host, data[4], ID, FX_SEG_DESC, 0));
    state->context.gdt_frames[0] = data[4];
    state->context.gdt_ents = 10;
}

static void setup(void)
{
    host = fx_open_path(fx_new_path(path));
    fx_lock(host);
    domain = fx_new_domain(host, ID);
    build();
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
}

/* All of it goes, whatever was repaired. */
static void teardown(void)
{
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    if (fx_domain(host, ID))
        fx_end_domain(host, fx_domain(host, ID));
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    /* Damage may have given domain 0 some. */
    ck_assert_uint_eq(host->super->free_frames,
                      host->super->ram_frames - fx_domain(host, 0)->tot_pages);
    fx_unlock(host);
    fx_host_close(host);
    fx_end_path(path);
}

static struct fx_frame *frame_of(uint64_t mfn)
{
    return fx_frame(host, mfn);
}

static uint64_t *entry(unsigned int level)
{
    return fx_page(host, table[level]);
}

static struct fx_vcpu_state *vcpu(void)
{
    return fx_vcpu_state(host, domain, 0);
}

static uint64_t *free_word(uint64_t mfn)
{
    return &host->free[0].level[0][mfn / 64];
}

/* One fault each. */
#define FAULT(nr, what)                                                        \
    static void fault_##nr(void)                                               \
    {                                                                          \
        what;                                                                  \
    }
FAULT(0, frame_of(data[0])->refs++)
FAULT(1, frame_of(data[2])->refs--)
FAULT(2, frame_of(data[0])->type++)
FAULT(3, frame_of(table[1])->type--)
FAULT(4, frame_of(table[3])->type &= ~FX_T_PINNED)
FAULT(5, frame_of(data[0])->type |= FX_T_PINNED)
FAULT(6, entry(0)[0] = 0)
FAULT(7, entry(0)[7] = data[5] << FX_PAGE_SHIFT | FX_PRESENT | FX_RW)
FAULT(8, entry(0)[7] = table[2] << FX_PAGE_SHIFT | FX_PRESENT | FX_RW)
FAULT(9, entry(0)[7] = UINT64_C(0xfffff000) | FX_PRESENT)
FAULT(10, frame_of(table[2])->type &= ~FX_T_VALIDATED)
FAULT(11, frame_of(table[3])->type = 0)
FAULT(12, domain->tot_pages++)
FAULT(13, domain->dirty_pages++)
FAULT(14, frame_of(data[1])->flags |= FX_F_DIRTY)
FAULT(15, host->super->free_frames--)
FAULT(16, host->super->claimed_frames += 5)
FAULT(17, free_word(data[3])[0] |= UINT64_C(1) << data[3] % 64)
FAULT(18, vcpu()->root = FX_NO_MFN)
FAULT(19, vcpu()->root = data[0])
FAULT(20, vcpu()->context.gdt_ents = 0)
FAULT(21, vcpu()->context.gdt_frames[0] = table[0])
FAULT(22, frame_of(data[5])->flags &= (uint16_t)~FX_F_ALLOCATED)
FAULT(23, frame_of(data[5])->flags |= FX_F_XENHEAP)
FAULT(24, frame_of(fx_vcpu(host, domain, 0)->context)->owner = 77)
FAULT(25, frame_of(domain->policy)->flags = 0)
FAULT(26, frame_of(domain->shared_info)->refs = 0)
FAULT(27, domain->exists = false)
FAULT(28, frame_of(table[0])->linear = 4)
FAULT(29, domain->shared_info = 0)
FAULT(30, frame_of(table[1])->flags |= FX_F_HELD)
FAULT(32, vcpu()->ldt_frame[3] = data[0])
FAULT(31, frame_of(data[0])->flags |= FX_F_HELD)
#undef FAULT

static void (*const fault[])(void) = {
    fault_0,  fault_1,  fault_2,  fault_3,  fault_4,  fault_5,  fault_6,
    fault_7,  fault_8,  fault_9,  fault_10, fault_11, fault_12, fault_13,
    fault_14, fault_15, fault_16, fault_17, fault_18, fault_19, fault_20,
    fault_21, fault_22, fault_23, fault_24, fault_25, fault_26, fault_27,
    fault_28, fault_29, fault_30, fault_31, fault_32,
};

#define FAULTS (int)(sizeof(fault) / sizeof(fault[0]))

START_TEST(each_planted_fault_is_found)
{
    fx_lock(host);
    fault[_i]();
    ck_assert_uint_ne(fx_audit(host, NULL, NULL), 0);
    ck_assert_int_eq(fx_audit_repair(host), 0);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    ck_assert_int_eq(fx_audit_repair(host), 0); /* what is right stays so */
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
}
END_TEST

START_TEST(random_damage_is_repaired)
{
    struct unit_random r = unit_random_case((uint64_t)_i);
    uint64_t first = data[0], i;
    int k;

    for (i = 0; i < DATA; i++)
        first = data[i] < first ? data[i] : first;
    for (k = 0; k < 50; k++) {
        uint64_t mfn = first - 8 + unit_below(&r, 32);
        struct fx_frame *frame;

        fx_lock(host);
        domain = fx_domain(host, ID);
        frame = frame_of(mfn);
        if (frame && unit_once_in(&r, 2))
            ((uint8_t *)frame)[unit_below(&r, sizeof(*frame))] =
                (uint8_t)unit_random64(&r);
        else
            ((uint64_t *)fx_page(
                host, UNIT_ONE_OF(&r, table)))[unit_below(&r, FX_ENTRIES)] =
                (first + unit_below(&r, 20)) << FX_PAGE_SHIFT |
                (unit_random64(&r) & 0xfff);
        ck_assert_int_eq(fx_audit_repair(host), 0);
        UNIT_CHECK_EQ(&r, fx_audit(host, fx_say, NULL), 0);
        fx_unlock(host);
    }
}
END_TEST

TCase *fx_audit_case(void)
{
    TCase *tc = tcase_create("audit");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, each_planted_fault_is_found, 0, FAULTS);
    tcase_add_loop_test(tc, random_damage_is_repaired, 0, 20);
    return tc;
}

/* -- killed with the lock held -- */

/* A domain's life over and over, all of it under the lock. */
static void live(void)
{
    for (;;) {
        fx_lock(host);
        domain = fx_domain(host, ID);
        if (domain)
            fx_end_domain(host, domain);
        domain = fx_new_domain(host, ID);
        build();
        FX_MUST(!fx_unpin(host, domain, table[3]));
        FX_MUST(!fx_pin(host, domain, table[2], 3));
        fx_unlock(host);
    }
}

START_TEST(killed_with_the_lock_held)
{
    struct unit_random r = unit_random_case(0);
    int i, found = 0;

    for (i = 0; i < 300; i++) {
        pid_t pid = fork();

        if (pid == 0)
            live();
        usleep((useconds_t)(500 + unit_below(&r, 1000)));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        found += host->super->busy;
        fx_lock(host);
        UNIT_CHECK_EQ(&r, fx_audit(host, fx_say, NULL), 0);
        fx_unlock(host);
    }
    /* Most of them were in the middle of something. */
    ck_assert_int_gt(found, 30);
    domain = fx_domain(host, ID);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
    char command[256];

    snprintf(command, sizeof(command), "cp --sparse=always %s %s", from, to);
    ck_assert_int_eq(system(command), 0);
}

/* The machine went down: the kernel cleaned nobody's mutex up. */
START_TEST(a_lock_without_a_holder)
{
    char copy[80];

    snprintf(copy, sizeof(copy), "%s-copy", path);
    fx_lock(host);
    frame_of(data[0])->refs += 7;
    copy_file(path, copy);
    frame_of(data[0])->refs -= 7;
    fx_unlock(host);
    fx_host_close(host);
    ck_assert_int_eq(rename(copy, path), 0);
    host = fx_open_path(path);
    domain = fx_domain(host, ID);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
}
END_TEST

/* Others wait for the audit, and then find all in order. */
START_TEST(the_heir_repairs)
{
    pid_t pid = fork();

    if (pid == 0) {
        fx_lock(host);
        frame_of(data[0])->refs += 7;
        frame_of(table[3])->type = 0;
        host->super->free_frames = 0;
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    ck_assert_uint_ne(fx_audit(host, NULL, NULL), 0);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    fx_lock(host);
    fx_unlock(host);
}
END_TEST

/* What guests had in memory is nobody else's to see, however they went. */
START_TEST(killed_while_a_guest_goes)
{
    struct fx_alloc want = {.node = FX_ANY_NODE};
    const uint8_t none[FX_PAGE_SIZE] = {0};
    uint64_t mfn, all[16 * MIB / FX_PAGE_SIZE], nr = 0;
    pid_t pid = fork();

    if (pid == 0) {
        fx_lock(host);
        fx_domain_kill(host, domain);
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    ck_assert_uint_eq(fx_next_unclean(host, 0), FX_NO_MFN);
    /* And without a repair, which may clear by itself. */
    mfn = fx_alloc_frames(host, &want, DOMID_XEN);
    memset(fx_page(host, mfn), 0xee, FX_PAGE_SIZE);
    fx_free_frame(host, mfn);
    host->to_clear = (struct fx_range){0, 0};
    while ((mfn = fx_alloc_frames(host, &want, DOMID_XEN)) != FX_NO_MFN) {
        ck_assert(!(fx_frame(host, mfn)->flags & FX_F_TOUCHED));
        ck_assert(!memcmp(fx_page(host, mfn), none, FX_PAGE_SIZE));
        all[nr++] = mfn;
    }
    while (nr)
        fx_free_frame(host, all[--nr]);
    fx_unlock(host);
}
END_TEST

/* No memory to put the machine in order: nothing is done with it, and whoever
 * has the memory does it. */
START_TEST(the_heir_has_no_memory)
{
    struct rlimit little;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        fx_lock(host);
        frame_of(data[0])->refs += 7;
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    pid = fork();
    if (pid == 0) {
        little = (struct rlimit){1 << 20, 1 << 20};
        FX_MUST(!setrlimit(RLIMIT_AS, &little));
        FX_MUST(fx_audit(host, NULL, NULL) == FX_NO_AUDIT);
        fx_lock(host);
        FX_MUST(host->unrepaired);
        fx_unlock(host);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert(host->super->busy);
    ck_assert_uint_ne(fx_audit(host, NULL, NULL), 0);
    fx_lock(host);
    ck_assert(!host->unrepaired);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    ck_assert(!host->super->busy);
}
END_TEST

TCase *fx_kill_case(void)
{
    TCase *tc = tcase_create("kill");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, killed_with_the_lock_held);
    tcase_add_test(tc, a_lock_without_a_holder);
    tcase_add_test(tc, the_heir_repairs);
    tcase_add_test(tc, killed_while_a_guest_goes);
    tcase_add_test(tc, the_heir_has_no_memory);
    return tc;
}
