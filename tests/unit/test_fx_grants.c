/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that copy what others have granted them (GNTTABOP_copy), and are
 * refused what these have not.
 */
#include "fx_guest.h"

#include <errno.h>

#include <xen/grant_table.h>

#include "domain/grant_frames.h"
#include "machine/lock.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "unit_random.h"

#define ARG   FG_AT(0, 0)
#define OTHER 7
#define PAGES 3

/* Who grants. */
static struct {
    struct fx_domain *domain;
    uint64_t mfn[PAGES];
    grant_entry_v1_t *table;
} other;

static void setup(bool is_32bit)
{
    uint64_t frame;

    fg_setup(is_32bit);
    fx_lock(guest.host);
    other.domain = fx_new_domain(guest.host, OTHER);
    for (unsigned int i = 0; i < PAGES; i++)
        other.mfn[i] = fx_new_frame(guest.host, other.domain);
    FX_MUST(!fx_grant_frame(guest.host, other.domain, 0, &frame));
    other.table = fx_page(guest.host, frame);
    fx_unlock(guest.host);
}

static void teardown(void)
{
    fx_lock(guest.host);
    ck_assert_uint_eq(guest.host->super->mapping_slots, 0);
    if (fx_domain(guest.host, OTHER))
        fx_end_domain(guest.host, other.domain);
    fx_unlock(guest.host);
    fg_teardown();
}

static void grant(unsigned int ref, uint16_t flags, uint64_t mfn,
                  uint16_t domid)
{
    other.table[ref] = (grant_entry_v1_t){
        .flags = flags, .domid = domid, .frame = (uint32_t)mfn};
}

/* The structure as the guest has it: a frame's number is a word. */
static void put_op(uint64_t at, const gnttab_copy_t *op)
{
    const struct gnttab_copy_ptr *ends[] = {&op->source, &op->dest};

    for (int i = 0; i < 2; i++) {
        fg_put_word(at, ends[i]->u.gmfn);
        fg_put(at + fg_word(), &ends[i]->domid, 2);
        fg_put(at + fg_word() + 2, &ends[i]->offset, 2);
        at += 2 * fg_word();
    }
    fg_put(at, &op->len, 2);
    fg_put(at + 2, &op->flags, 2);
    fg_put(at + 4, &(int16_t){1}, 2);
}

static int16_t status_at(uint64_t at)
{
    int16_t status;

    fg_get(&status, at + 4 * fg_word() + 4, sizeof(status));
    return status;
}

static int16_t copy(const gnttab_copy_t *op)
{
    put_op(ARG, op);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, ARG, 1, 0), 0);
    return status_at(ARG);
}

/* From the other's grant to the guest's page 1. */
static gnttab_copy_t from_grant(uint32_t ref)
{
    return (gnttab_copy_t){
        .source = {.u.ref = ref, .domid = OTHER, .offset = 8},
        .dest = {.u.gmfn = guest.data[1], .domid = DOMID_SELF, .offset = 100},
        .len = 16,
        .flags = GNTCOPY_source_gref,
    };
}

static gnttab_copy_t to_grant(uint32_t ref)
{
    return (gnttab_copy_t){
        .source = {.u.gmfn = guest.data[1], .domid = DOMID_SELF},
        .dest = {.u.ref = ref, .domid = OTHER},
        .len = 16,
        .flags = GNTCOPY_dest_gref,
    };
}

static char *theirs(unsigned int i)
{
    return fx_page(guest.host, other.mfn[i]);
}

START_TEST(grants_are_copied)
{
    gnttab_copy_t op;

    setup(_i);
    grant(8, GTF_permit_access | GTF_readonly, other.mfn[0], FG_ID);
    strcpy(theirs(0) + 8, "theirs");
    op = from_grant(8);
    ck_assert_int_eq(copy(&op), GNTST_okay);
    ck_assert_str_eq(fg_memory(FG_AT(1, 100)), "theirs");
    grant(9, GTF_permit_access, other.mfn[1], FG_ID);
    strcpy(fg_memory(FG_AT(1, 0)), "ours");
    op = to_grant(9);
    ck_assert_int_eq(copy(&op), GNTST_okay);
    ck_assert_str_eq(theirs(1), "ours");
    /* From one grant to another. */
    op = (gnttab_copy_t){.source = {.u.ref = 8, .domid = OTHER, .offset = 8},
                         .dest = {.u.ref = 9, .domid = OTHER, .offset = 4088},
                         .len = 7,
                         .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref};
    ck_assert_int_eq(copy(&op), GNTST_okay);
    ck_assert_str_eq(theirs(1) + 4088, "theirs");
    /* Nobody uses them any more. */
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access | GTF_readonly);
    ck_assert_uint_eq(other.table[9].flags, GTF_permit_access);
}
END_TEST

/* Entries of a table's second frame, which it gets when it is asked for. */
START_TEST(a_table_grows)
{
    grant_entry_v1_t *second;
    gnttab_copy_t op;
    uint64_t frame;

    setup(_i);
    strcpy(theirs(0) + 8, "theirs");
    grant(1, GTF_permit_access, other.mfn[1], FG_ID);
    op = from_grant(513);
    ck_assert_int_eq(copy(&op), GNTST_bad_gntref);
    fx_lock(guest.host);
    ck_assert_int_eq(fx_grant_frame(guest.host, other.domain, 1, &frame), 0);
    second = fx_page(guest.host, frame);
    second[1] = (grant_entry_v1_t){.flags = GTF_permit_access,
                                   .domid = FG_ID,
                                   .frame = (uint32_t)other.mfn[0]};
    fx_unlock(guest.host);
    ck_assert_int_eq(copy(&op), GNTST_okay);
    ck_assert_str_eq(fg_memory(FG_AT(1, 100)), "theirs");
    ck_assert_uint_eq(second[1].flags, GTF_permit_access);
}
END_TEST

START_TEST(what_is_not_granted_is_not_copied)
{
    gnttab_copy_t op;

    setup(_i);
    op = from_grant(8);
    ck_assert_int_eq(copy(&op), GNTST_general_error);
    grant(8, GTF_permit_access, other.mfn[0], FG_ID + 1);
    ck_assert_int_eq(copy(&op), GNTST_general_error);
    grant(8, GTF_permit_access, guest.data[2], FG_ID); /* not its own */
    ck_assert_int_eq(copy(&op), GNTST_bad_page);
    op.source.u.ref = 512;
    ck_assert_int_eq(copy(&op), GNTST_bad_gntref);
    op.source.domid = OTHER + 1;
    ck_assert_int_eq(copy(&op), GNTST_bad_domain);
    op.len = 0; /* nothing is looked at */
    ck_assert_int_eq(copy(&op), GNTST_okay);
    grant(8, GTF_permit_access | GTF_readonly, other.mfn[0], FG_ID);
    op = to_grant(8);
    ck_assert_int_eq(copy(&op), GNTST_general_error);
    op.flags = 0; /* a frame of another domain's, by its number */
    op.dest.u.gmfn = other.mfn[0];
    ck_assert_int_eq(copy(&op), GNTST_permission_denied);
    op.dest.domid = DOMID_SELF;
    ck_assert_int_eq(copy(&op), GNTST_bad_page);
    op = from_grant(8);
    op.dest.offset = 4081;
    ck_assert_int_eq(copy(&op), GNTST_bad_copy_arg);
    op.dest.offset = 4080;
    ck_assert_int_eq(copy(&op), GNTST_okay);
    op.dest.u.gmfn = guest.l1; /* a page table is not written to */
    ck_assert_int_eq(copy(&op), GNTST_general_error);
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access | GTF_readonly);
}
END_TEST

/* Somebody reads the page of grant 8, whatever its entry says: the slot. */
static unsigned int read_by(uint16_t user, uint64_t mfn)
{
    struct fx_grant_mapping read = {.user = user, .first = 4096, .pages = 1};
    uint64_t frame;
    int slot;

    fx_lock(guest.host);
    ck_assert_int_eq(fx_grant_frame(guest.host, other.domain, 0, &frame), 0);
    read.entry = (frame << FX_PAGE_SHIFT) + 8 * sizeof(grant_entry_v1_t);
    FX_MUST(!fx_get_page(guest.host, mfn, OTHER));
    slot = fx_mapping_add_grant(guest.host, 4096, OTHER, false, &read, mfn);
    ck_assert_int_ge(slot, 0);
    fx_unlock(guest.host);
    return (unsigned int)slot;
}

static void read_ends(unsigned int slot)
{
    fx_lock(guest.host);
    fx_mapping_end(guest.host, slot);
    fx_unlock(guest.host);
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access);
}

/* Whom somebody else has it mapped for. */
START_TEST(one_domain_at_a_time_has_a_grant)
{
    gnttab_copy_t op;
    unsigned int slot;

    setup(_i);
    grant(8, GTF_permit_access | GTF_reading, other.mfn[0], FG_ID);
    slot = read_by(0, other.mfn[0]);
    op = from_grant(8);
    ck_assert_int_eq(copy(&op), GNTST_general_error);
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access | GTF_reading);
    read_ends(slot);
    ck_assert_int_eq(copy(&op), GNTST_okay);
}
END_TEST

/* Who reads has the frame of then; who is the first to write takes it from the
 * entry, and is refused if that says another by now. */
START_TEST(what_is_read_is_written_where_it_is)
{
    gnttab_copy_t op;
    unsigned int slot;

    setup(_i);
    strcpy(theirs(0), "first");
    strcpy(theirs(1), "second");
    grant(8, GTF_permit_access | GTF_reading, other.mfn[1], FG_ID);
    slot = read_by(FG_ID, other.mfn[0]);
    op = to_grant(8);
    ck_assert_int_eq(copy(&op), GNTST_general_error);
    ck_assert_str_eq(theirs(0), "first");
    ck_assert_str_eq(theirs(1), "second");
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access | GTF_reading);
    op = from_grant(8);
    op.source.offset = 0;
    ck_assert_int_eq(copy(&op), GNTST_okay);
    ck_assert_str_eq(fg_memory(FG_AT(1, 100)), "first");
    other.table[8].frame = (uint32_t)other.mfn[0];
    strcpy(fg_memory(FG_AT(1, 0)), "ours");
    op = to_grant(8);
    ck_assert_int_eq(copy(&op), GNTST_okay);
    ck_assert_str_eq(theirs(0), "ours");
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access | GTF_reading);
    read_ends(slot);
}
END_TEST

/* The rest is done when one fails; and a list that leads nowhere ends there. */
START_TEST(copies_are_made_one_by_one)
{
    uint64_t bytes, last;
    gnttab_copy_t op;

    setup(_i);
    bytes = guest.is_32bit ? 24 : 40;
    grant(8, GTF_permit_access, other.mfn[0], FG_ID);
    strcpy(theirs(0) + 8, "theirs");
    op = from_grant(9);
    put_op(ARG, &op);
    op.source.u.ref = 8;
    put_op(ARG + bytes, &op);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, ARG, 2, 0), 0);
    ck_assert_int_eq(status_at(ARG), GNTST_general_error);
    ck_assert_int_eq(status_at(ARG + bytes), GNTST_okay);
    ck_assert_str_eq(fg_memory(FG_AT(1, 100)), "theirs");
    last = FG_AT(FG_ABSENT, 0) - bytes;
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, last, 1, 0),
        -EFAULT);
}
END_TEST

/* A file that says so of what is no entry of a table. */
START_TEST(a_grant_that_is_none_is_found)
{
    struct fx_grant_mapping mapped = {.user = 0, .first = 4096, .pages = 1};
    uint64_t before;
    int slot;

    setup(_i);
    fx_lock(guest.host);
    mapped.entry = other.mfn[1] << FX_PAGE_SHIFT;
    memset(theirs(1), 0xff, FX_PAGE_SIZE);
    memcpy(&before, theirs(1), sizeof(before));
    FX_MUST(!fx_get_page(guest.host, other.mfn[0], OTHER));
    slot = fx_mapping_add_grant(guest.host, 4096, OTHER, false, &mapped,
                                other.mfn[0]);
    ck_assert_int_ge(slot, 0);
    ck_assert_uint_eq(fx_audit(guest.host, NULL, NULL), 1);
    ck_assert_int_eq(fx_audit_repair(guest.host), 0);
    ck_assert_uint_eq(fx_audit(guest.host, fx_say, NULL), 0);
    ck_assert_uint_eq(
        fx_mapping_at(guest.host, (unsigned int)slot)->grant.entry, 0);
    guest.host->mappings[slot].grant = mapped;
    fx_mapping_end(guest.host, (unsigned int)slot);
    ck_assert_mem_eq(theirs(1), &before, sizeof(before));
    fx_unlock(guest.host);
}
END_TEST

static int16_t map(const gnttab_map_grant_ref_t *wanted)
{
    gnttab_map_grant_ref_t op = *wanted;

    fg_put(ARG, &op, sizeof(op));
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, ARG, 1, 0),
        0);
    fg_get(&op, ARG, sizeof(op));
    return op.status;
}

/* No guest maps any: it is told so. */
START_TEST(guests_map_no_grants)
{
    gnttab_map_grant_ref_t op = {
        .flags = GNTMAP_host_map, .ref = 8, .dom = OTHER, .status = 1};
    gnttab_unmap_grant_ref_t un = {.handle = 1, .status = 1};

    setup(_i);
    grant(8, GTF_permit_access, other.mfn[0], FG_ID);
    ck_assert_int_eq(map(&op), GNTST_permission_denied);
    op.flags = 0;
    ck_assert_int_eq(map(&op), GNTST_bad_gntref);
    op.flags = GNTMAP_host_map;
    op.dom = OTHER + 1;
    ck_assert_int_eq(map(&op), GNTST_bad_domain);
    fg_put(ARG, &un, sizeof(un));
    ck_assert_int_eq(fg_call(__HYPERVISOR_grant_table_op,
                             GNTTABOP_unmap_grant_ref, ARG, 1, 0),
                     0);
    fg_get(&un, ARG, sizeof(un));
    ck_assert_int_eq(un.status, GNTST_bad_handle);
    ck_assert_uint_eq(other.table[8].flags, GTF_permit_access);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fx_grants");
    TCase *tc = tcase_create("grants");

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, grants_are_copied, 0, 2);
    tcase_add_loop_test(tc, a_table_grows, 0, 2);
    tcase_add_loop_test(tc, what_is_not_granted_is_not_copied, 0, 2);
    tcase_add_loop_test(tc, one_domain_at_a_time_has_a_grant, 0, 2);
    tcase_add_loop_test(tc, what_is_read_is_written_where_it_is, 0, 2);
    tcase_add_loop_test(tc, copies_are_made_one_by_one, 0, 2);
    tcase_add_test(tc, a_grant_that_is_none_is_found);
    tcase_add_loop_test(tc, guests_map_no_grants, 0, 2);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
