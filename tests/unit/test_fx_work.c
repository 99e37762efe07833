/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that ask for much at once: how much is done while one call holds the
 * machine, that all of it is done in the end, and that what a guest leaves half
 * done is in order.
 */
#include "fx_guest.h"

#include <errno.h>

#include <xen/memory.h>

#include "machine/lock.h"
#include "machine/work.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"
#include "recovery/audit.h"
#include "unit_random.h"

/* The most that one step does beyond a call's share. */
#define ONE_STEP (2 * FX_ENTRIES + 8 * FX_WORK_FRAME)

#define ARG FG_AT(0, 0)

/* From here on each page of the guest is the same one. */
#define WINDOW       FG_AT(16, 0)
#define WINDOW_PAGES 400

/* Where a call's instruction ends. */
#define CODE 0x1002

struct call {
    unsigned int number;
    uint64_t arg[4];
    unsigned int holds; /* of the lock, so far */
};

/* The call, or what is left of it; true: more of it is. */
static bool once(struct call *call, long *result)
{
    cpu_user_regs_t *regs = &fg_state(0)->context.user_regs;
    const uint64_t narrow[4] = {regs->rbx, regs->rcx, regs->rdx, regs->rsi};
    const uint64_t wide[4] = {regs->rdi, regs->rsi, regs->rdx, regs->r10};

    if (call->holds++)
        memcpy(call->arg, guest.is_32bit ? narrow : wide, sizeof(call->arg));
    regs->rip = CODE;
    *result = fg_call(call->number, call->arg[0], call->arg[1], call->arg[2],
                      call->arg[3]);
    ck_assert_uint_lt(guest.host->work, FX_WORK_SHARE + ONE_STEP);
    memcpy(call->arg, guest.is_32bit ? narrow : wide, sizeof(call->arg));
    if (regs->rip != CODE - 2)
        return false;
    ck_assert_int_eq(*result, (long)call->number);
    return true;
}

static long all_of(struct call *call)
{
    long result;

    while (once(call, &result))
        ck_assert_uint_lt(call->holds, 100000);
    return result;
}

/* -- memory -- */

static void map_window(uint64_t mfn)
{
    uint64_t *entries = fx_page(guest.host, guest.l1), i;

    fx_lock(guest.host);
    for (i = 0; i < WINDOW_PAGES; i++) {
        FX_MUST(!fx_get_mapping(guest.host, FG_ID, FG_ID, mfn, true));
        entries[16 + i] = mfn << FX_PAGE_SHIFT | FX_PRESENT | FX_RW | FX_USER;
    }
    fx_unlock(guest.host);
}

/* A list, as long as the window, of which each page says `value`. */
static uint64_t endless_list(uint64_t value)
{
    uint64_t i;

    map_window(guest.data[5]);
    for (i = 0; i < FX_PAGE_SIZE / fg_word(); i++)
        fg_put_word(FG_AT(5, i * fg_word()), value);
    return WINDOW_PAGES * (FX_PAGE_SIZE / fg_word());
}

static void put_reservation(uint64_t at, uint64_t list, uint64_t extents)
{
    memset(fg_memory(at), 0, 32);
    fg_put_word(at, list);
    fg_put_word(at + fg_word(), extents);
    *(uint16_t *)fg_memory(at + 2 * fg_word() + 8) = DOMID_SELF;
}

/* The same frame over and over, which stays as long as it is mapped. */
START_TEST(memory_is_given_back_in_parts)
{
    struct call call = {
        __HYPERVISOR_memory_op, {XENMEM_decrease_reservation, ARG}, 0};
    uint64_t extents, pages;

    fg_setup(_i);
    pages = guest.domain->tot_pages;
    extents = endless_list(guest.data[4]);
    put_reservation(ARG, WINDOW, extents);
    ck_assert_int_eq(all_of(&call), (long)extents);
    ck_assert_uint_gt(call.holds, extents / 1024);
    ck_assert_uint_eq(guest.domain->tot_pages, pages);
    ck_assert(!(fx_frame(guest.host, guest.data[4])->flags & FX_F_ALLOCATED));
}
END_TEST

START_TEST(memory_comes_in_parts)
{
    const uint64_t extents = 2000;
    struct call call = {
        __HYPERVISOR_memory_op, {XENMEM_populate_physmap, ARG}, 0};
    uint64_t pages;

    fg_setup(_i);
    pages = guest.domain->tot_pages;
    guest.domain->max_pages = pages + extents;
    (void)endless_list(7);
    put_reservation(ARG, WINDOW, extents);
    ck_assert_int_eq(all_of(&call), (long)extents);
    ck_assert_uint_gt(call.holds, 2);
    ck_assert_uint_eq(guest.domain->tot_pages, pages + extents);
}
END_TEST

/* What comes out is what goes in next. */
START_TEST(an_exchange_is_made_in_parts)
{
    const uint64_t extents = 5000;
    struct call call = {__HYPERVISOR_memory_op, {XENMEM_exchange, ARG}, 0};
    uint64_t pages, size;

    fg_setup(_i);
    pages = guest.domain->tot_pages;
    size = guest.is_32bit ? 20 : 32; /* of struct xen_memory_reservation */
    map_window(guest.data[5]);
    fg_put_word(FG_AT(5, 0), guest.spare[0]);
    put_reservation(ARG, WINDOW, extents);
    put_reservation(ARG + size, WINDOW + fg_word(), extents);
    memset(fg_memory(ARG + 2 * size), 0, 8);
    ck_assert_int_eq(all_of(&call), 0);
    ck_assert_uint_gt(call.holds, extents / 1024);
    ck_assert_uint_eq(fg_get_word(ARG + 2 * size), extents);
    ck_assert_uint_eq(guest.domain->tot_pages, pages);
}
END_TEST

/* -- tables -- */

/* L1s, without an entry, of which L2s have 100 each. */
#define L1S    400
#define PER_L2 100

static struct {
    uint64_t l1[L1S], top;
} tree;

static uint64_t new_table(void)
{
    uint64_t mfn = fx_new_frame(guest.host, guest.domain);

    fx_m2p_set(guest.host, mfn, guest.domain->tot_pages - 1);
    return mfn;
}

static void set_entry(uint64_t table, uint64_t slot, uint64_t mfn)
{
    ((uint64_t *)fx_page(guest.host, table))[slot] =
        mfn << FX_PAGE_SHIFT | FX_PRESENT | FX_RW | FX_USER;
}

/* Below an L4; of 32 bits, below one L2, as all that is below an L3 is in its
 * L2 with Xen's entries. */
static void make_tree(void)
{
    uint64_t l2 = 0, l3 = 0, i;

    fx_lock(guest.host);
    guest.domain->max_pages = 1000;
    tree.top = new_table();
    if (!guest.is_32bit) {
        l3 = new_table();
        set_entry(tree.top, 3, l3);
    }
    for (i = 0; i < L1S; i++) {
        tree.l1[i] = new_table();
        if (guest.is_32bit) {
            set_entry(tree.top, i, tree.l1[i]);
            continue;
        }
        if (i % PER_L2 == 0) {
            l2 = new_table();
            set_entry(l3, 2 * (i / PER_L2), l2);
        }
        set_entry(l2, i % PER_L2 * 3, tree.l1[i]);
    }
    fx_unlock(guest.host);
}

static unsigned int tables(void)
{
    unsigned int nr = 0, i;

    for (i = 0; i < L1S; i++)
        nr += FX_T_TYPE(fx_frame(guest.host, tree.l1[i])->type) == FX_L1;
    return nr;
}

static unsigned int held(void)
{
    unsigned int nr = 0, i;

    for (i = 0; i < L1S; i++)
        nr += !!(fx_frame(guest.host, tree.l1[i])->flags & FX_F_HELD);
    return nr;
}

static bool is_clean(void)
{
    uint64_t differences;

    fx_lock(guest.host);
    differences = fx_audit(guest.host, fx_say, NULL);
    fx_unlock(guest.host);
    return !differences;
}

static struct call mmuext(uint32_t command, uint64_t mfn)
{
    memset(fg_memory(ARG), 0, 24);
    *(uint32_t *)fg_memory(ARG) = command;
    fg_put_word(ARG + fg_word(), mfn);
    return (struct call){__HYPERVISOR_mmuext_op, {ARG, 1, 0, DOMID_SELF}, 0};
}

static struct call pin(void)
{
    return mmuext(guest.is_32bit ? MMUEXT_PIN_L2_TABLE : MMUEXT_PIN_L4_TABLE,
                  tree.top);
}

START_TEST(a_tree_is_pinned_in_parts)
{
    struct call call;
    unsigned int before = 0;
    long result;

    fg_setup(_i);
    make_tree();
    call = pin();
    while (once(&call, &result)) {
        ck_assert_uint_gt(tables(), before); /* each gets on */
        before = tables();
        ck_assert_uint_gt(held(), 0);
        ck_assert(is_clean());
    }
    ck_assert_int_eq(result, 0);
    ck_assert_uint_gt(call.holds, 3);
    ck_assert_uint_eq(tables(), L1S);
    ck_assert_uint_eq(held(), 0);
    ck_assert(is_clean());

    before = L1S + 1;
    call = mmuext(MMUEXT_UNPIN_TABLE, tree.top);
    while (once(&call, &result)) {
        ck_assert_uint_lt(tables(), before);
        before = tables();
        ck_assert(is_clean());
    }
    ck_assert_int_eq(result, 0);
    ck_assert_uint_gt(call.holds, 3);
    ck_assert_uint_eq(tables(), 0);
    ck_assert_uint_eq(held(), 0);
}
END_TEST

/* Before another request of the same list: it may be for the same frames. */
START_TEST(what_is_let_go_of_goes_before_the_next)
{
    struct call call;
    uint64_t step;

    fg_setup(_i);
    make_tree();
    call = pin();
    ck_assert_int_eq(all_of(&call), 0);
    call = mmuext(MMUEXT_UNPIN_TABLE, tree.top);
    step = guest.is_32bit ? 12 : 24;
    memset(fg_memory(ARG + step), 0, step);
    *(uint32_t *)fg_memory(ARG + step) = MMUEXT_CLEAR_PAGE;
    fg_put_word(ARG + step + fg_word(), tree.l1[L1S - 1]);
    call.arg[1] = 2;
    call.arg[2] = FG_AT(1, 0);
    ck_assert_int_eq(all_of(&call), 0);
    ck_assert_uint_gt(call.holds, 2);
    ck_assert_uint_eq(*(uint32_t *)fg_memory(FG_AT(1, 0)), 2);
    ck_assert_uint_eq(tables(), 0);
}
END_TEST

START_TEST(a_bad_table_is_found_in_the_end)
{
    struct call call;

    fg_setup(_i);
    make_tree();
    ((uint64_t *)fx_page(guest.host, tree.l1[L1S - 1]))[511] = FX_PRESENT;
    call = pin();
    ck_assert_int_eq(all_of(&call), -EPERM);
    ck_assert_uint_gt(call.holds, 2);
    ck_assert_uint_eq(tables(), 0);
    ck_assert_uint_eq(held(), 0);
}
END_TEST

/* A count is as high as it gets, and stays so, when the rest is put off. */
START_TEST(a_count_that_is_full_does_not_grow)
{
    struct fx_frame *full;
    struct call call;
    uint32_t info;
    long result;

    fg_setup(_i);
    make_tree();
    fx_lock(guest.host);
    ck_assert_int_eq(fx_pin(guest.host, guest.domain, tree.l1[0], 1), 0);
    full = fx_frame(guest.host, tree.l1[0]);
    full->type += FX_T_COUNT_MASK - 2; /* one more can be had */
    full->refs += FX_T_COUNT_MASK - 2;
    fx_unlock(guest.host);
    info = full->type;
    call = pin();
    ck_assert(once(&call, &result));
    ck_assert_uint_eq(full->type, info + 1);
    ck_assert(!guest.is_32bit || full->flags & FX_F_HELD);
    full->type -= FX_T_COUNT_MASK - 2;
    full->refs -= FX_T_COUNT_MASK - 2;
    ck_assert(is_clean());
    ck_assert_int_eq(all_of(&call), 0);
}
END_TEST

/* Neither who does not go on, nor who is killed. */
START_TEST(what_is_left_half_done)
{
    struct call call;
    long result;

    fg_setup(_i & 1);
    make_tree();
    call = pin();
    ck_assert(once(&call, &result));
    if (_i < 2)
        return; /* the domain ends so */
    fx_lock(guest.host);
    ck_assert_int_eq(fx_audit_repair(guest.host), 0);
    fx_unlock(guest.host);
    ck_assert(is_clean());
    ck_assert_int_eq(all_of(&call), 0);
    ck_assert_uint_eq(tables(), L1S);
    call = mmuext(MMUEXT_UNPIN_TABLE, tree.top);
    ck_assert(once(&call, &result));
    fx_lock(guest.host);
    ck_assert_int_eq(fx_audit_repair(guest.host), 0);
    fx_unlock(guest.host);
    ck_assert(is_clean());
}
END_TEST

/* A tree as the root, by an instruction or a call; and one that is it no
 * more. */
START_TEST(a_root_is_taken_in_parts)
{
    struct call call;
    uint64_t old;

    fg_setup(false);
    make_tree();
    old = fg_state(0)->root;
    *(uint64_t *)fx_page(guest.host, tree.top) =
        *(uint64_t *)fx_page(guest.host, old);
    call = mmuext(MMUEXT_NEW_BASEPTR, tree.top);
    ck_assert_int_eq(all_of(&call), 0);
    ck_assert_uint_gt(call.holds, 2);
    ck_assert_uint_eq(fg_state(0)->root, tree.top);
    call = mmuext(MMUEXT_NEW_BASEPTR, old);
    ck_assert_int_eq(all_of(&call), 0);
    ck_assert_uint_gt(call.holds, 2);
    ck_assert_uint_eq(tables(), 0);
}
END_TEST

/* One share for all of its calls. */
START_TEST(a_multicall_is_made_in_parts)
{
    const uint32_t calls = 12, updates = 200;
    struct call call = {__HYPERVISOR_multicall, {FG_AT(1, 0), calls}, 0};
    mmu_update_t update;
    uint64_t at;

    fg_setup(_i);
    for (uint32_t i = 0; i < updates; i++) {
        update.ptr = guest.spare[0] << FX_PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
        update.val = i;
        fg_put(FG_AT(2, i * sizeof(update)), &update, sizeof(update));
    }
    memset(fg_memory(FG_AT(1, 0)), 0, FX_PAGE_SIZE);
    for (uint32_t i = 0; i < calls; i++) {
        at = FG_AT(1, i * 8 * fg_word());
        fg_put_word(at, __HYPERVISOR_mmu_update);
        fg_put_word(at + 2 * fg_word(), FG_AT(2, 0));
        fg_put_word(at + 3 * fg_word(), updates);
        fg_put_word(at + 4 * fg_word(), FG_AT(4, i * 4));
        fg_put_word(at + 5 * fg_word(), DOMID_SELF);
    }
    ck_assert_int_eq(all_of(&call), 0);
    ck_assert_uint_gt(call.holds, 1);
    ck_assert_uint_lt(call.holds, calls);
    for (uint32_t i = 0; i < calls; i++) {
        at = FG_AT(1, i * 8 * fg_word());
        ck_assert_int_eq((int)fg_get_word(at + fg_word()), 0);
        ck_assert_uint_eq(*(uint32_t *)fg_memory(FG_AT(4, i * 4)), updates);
    }
}
END_TEST

/* -- whatever a guest may ask -- */

/* A number that means something, somewhere: an address of the guest, a frame,
 * a command, a domain. */
static uint64_t some_value(struct unit_random *r)
{
    switch (unit_below(r, 8)) {
    case 0:
        return FG_AT(unit_below(r, FG_PAGES), unit_below(r, FX_PAGE_SIZE));
    case 1:
        return WINDOW + unit_below(r, WINDOW_PAGES * FX_PAGE_SIZE);
    case 2:
        return UNIT_ONE_OF(r, tree.l1);
    case 3:
        return UNIT_ONE_OF(r, guest.data);
    case 4:
        return DOMID_SELF - unit_below(r, 3);
    case 5:
        return unit_random64(r) >> unit_below(r, 64);
    default:
        return unit_below(r, 64);
    }
}

/* As an entry, an address of one, or a descriptor. */
static uint64_t some_word(struct unit_random *r)
{
    uint64_t value = some_value(r);

    switch (unit_below(r, 4)) {
    case 0:
        return value << FX_PAGE_SHIFT | unit_below(r, FX_PAGE_SIZE);
    case 1:
        return value << FX_PAGE_SHIFT | FX_PRESENT | FX_USER |
               unit_below(r, 2) * FX_RW;
    default:
        return value;
    }
}

/* Where the guest could: not into what it made a table, or gave back. */
static void write_words(struct unit_random *r)
{
    const struct fx_frame *frame = fx_frame(guest.host, guest.data[0]);
    unsigned int i;

    if (frame->owner != FG_ID || !frame->refs ||
        (frame->type && FX_T_TYPE(frame->type) != FX_WRITABLE))
        return;
    for (i = 0; i < 24; i++)
        fg_put_word(FG_AT(0, i * fg_word()), some_word(r));
}

/* All but those that end the domain, or leave nothing to go on with. */
static unsigned int some_call(struct unit_random *r)
{
    static const unsigned int often[] = {
        __HYPERVISOR_mmu_update,        __HYPERVISOR_mmuext_op,
        __HYPERVISOR_memory_op,         __HYPERVISOR_multicall,
        __HYPERVISOR_update_va_mapping, __HYPERVISOR_update_descriptor,
        __HYPERVISOR_set_gdt,           __HYPERVISOR_vcpu_op,
        __HYPERVISOR_grant_table_op,    __HYPERVISOR_event_channel_op,
    };

    return unit_once_in(r, 4) ? (unsigned int)unit_below(r, 64)
                              : UNIT_ONE_OF(r, often);
}

static void call_once(struct unit_random *r)
{
    cpu_user_regs_t *regs = &fg_state(0)->context.user_regs;
    unsigned int number = some_call(r), parts = 0;
    uint64_t a = unit_once_in(r, 2) ? ARG : some_word(r);
    uint64_t b = unit_once_in(r, 2) ? unit_below(r, 24) : some_word(r);
    struct call call = {number, {a, b, some_word(r), some_value(r)}, 0};
    long result;

    if (number == __HYPERVISOR_memory_op) {
        call.arg[0] = unit_below(r, 30);
        call.arg[1] = ARG;
    }
    if (unit_once_in(r, 4))
        call.arg[3] = DOMID_SELF;
    regs->rsp = ARG;
    while (once(&call, &result) && ++parts < 50)
        ;
}

/* Calls of all kinds, with arguments of all kinds: whatever becomes of the
 * guest, the machine is in order. UNIT_CALLS of them, for hours of it. */
START_TEST(random_calls)
{
    const char *env = getenv("UNIT_CALLS");
    long calls = env ? strtol(env, NULL, 0) : 1500, i;
    struct unit_random r = unit_random_case((uint64_t)_i);

    fg_setup(_i & 1);
    make_tree();
    map_window(guest.data[5]);
    for (i = 0; i < calls && fx_domain(guest.host, FG_ID); i++) {
        if (i % 2)
            write_words(&r);
        call_once(&r);
        fg_state(0)->blocked = false;
        guest.domain->shutdown = false;
        if (i % 50 == 0)
            UNIT_CHECK(&r, is_clean());
    }
    UNIT_CHECK(&r, is_clean());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fx_work");
    TCase *tc = tcase_create("work");

    tcase_add_checked_fixture(tc, NULL, fg_teardown);
    tcase_add_loop_test(tc, memory_is_given_back_in_parts, 0, 2);
    tcase_add_loop_test(tc, memory_comes_in_parts, 0, 2);
    tcase_add_loop_test(tc, an_exchange_is_made_in_parts, 0, 2);
    tcase_add_loop_test(tc, a_tree_is_pinned_in_parts, 0, 2);
    tcase_add_loop_test(tc, what_is_let_go_of_goes_before_the_next, 0, 2);
    tcase_add_loop_test(tc, a_bad_table_is_found_in_the_end, 0, 2);
    tcase_add_loop_test(tc, a_count_that_is_full_does_not_grow, 0, 2);
    tcase_add_loop_test(tc, what_is_left_half_done, 0, 4);
    tcase_add_test(tc, a_root_is_taken_in_parts);
    tcase_add_loop_test(tc, a_multicall_is_made_in_parts, 0, 2);
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, random_calls, 0, 4);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
