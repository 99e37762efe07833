/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_fx_tables.c - guest page tables of any contents, and the hypercalls on
 * them with any arguments: libFuzzer's target.
 *
 * An input is the guests' width, then records of 16 bytes, an operation each.
 * After each operation all counts are computed from scratch; at the end all
 * goes, and nothing may be left.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... with tests/unit/fx_world.c
 *   and the sources of tests/unit/test_fx_types that are fakexen's
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fx_world.h"

struct record {
    uint8_t operation, frame, target, level;
    uint16_t slot, domain;
    uint64_t value;
};

/* A few frames of each guest, so that they meet; some numbers are none. */
static uint64_t frame_of(uint8_t n)
{
    if (n >= 250)
        return n == 255 ? UINT64_MAX >> 24 : UINT64_C(1) << (n - 240);
    return fx_world_mfn(n % (2 * FX_FRAMES));
}

/* The bits that are no address as they are, and a frame of those here. */
static uint64_t entry_of(const struct record *r)
{
    return (r->value & ~UINT64_C(0x000ffffffffff000)) | frame_of(r->target)
                                                            << 12;
}

static void write_entry(const struct record *r)
{
    uint64_t mfn = frame_of(r->frame);

    if (fx_is_ram(&world.host, mfn) &&
        !(fx_frame(&world.host, mfn)->type & FX_T_COUNT_MASK))
        fx_world_page(mfn)[r->slot % 512] = entry_of(r);
}

/* Which guest a pin is for tells the frame's owner. */
static void extended(const struct record *r, unsigned int command)
{
    struct mmuext_op op = {.cmd = command};
    uint64_t arg[5] = {(uintptr_t)&op, 1, 0, r->domain & 1 ? 1 : 2};
    uint64_t mfn = frame_of(r->frame);
    bool is_32bit = fx_world_domain(FX_GUEST)->is_32bit;

    op.arg1.mfn = mfn;
    op.arg2.src_mfn = frame_of(r->target);
    if (fx_mmuext_op(&world.host, arg))
        return;
    if (command <= MMUEXT_PIN_L3_TABLE ||
        (command == MMUEXT_PIN_L4_TABLE && !is_32bit))
        world.pinned[fx_world_index(mfn)] = true;
    else if (command == MMUEXT_UNPIN_TABLE)
        world.pinned[fx_world_index(mfn)] = false;
}

static void update(const struct record *r)
{
    mmu_update_t request = {frame_of(r->frame) << 12 | (r->slot % 512) * 8 |
                                (r->level & 7),
                            r->level & 8 ? r->value : entry_of(r)};
    uint32_t owner = r->domain & 0x3fff ? r->domain & 3 : DOMID_SELF;
    uint32_t tables = (uint32_t)(r->domain >> 14);
    uint64_t arg[5] = {(uintptr_t)&request, 1, 0, tables << 16 | owner};

    (void)fx_mmu_update_op(&world.host, arg);
}

static bool take(uint64_t mfn, uint16_t owner, enum fx_type type)
{
    struct fx_domain *domain = fx_world_domain(owner);

    switch (type) {
    case FX_NONE:
    case FX_WRITABLE:
        return !fx_get_mapping(&world.host, 0, owner, mfn, type != FX_NONE);
    case FX_SEG_DESC:
        return !fx_get_page_and_type(&world.host, mfn, owner, type, 0);
    case FX_L4:
        return !fx_get_root(&world.host, domain, mfn);
    default:
        return false;
    }
}

static void hold(const struct record *r)
{
    static const enum fx_type types[] = {FX_NONE, FX_WRITABLE, FX_SEG_DESC,
                                         FX_L4};
    enum fx_type type = types[r->level % 4];
    uint64_t mfn = frame_of(r->frame);

    for (unsigned int i = 0; i < FX_HOLDS; i++) {
        if (world.hold[i].mfn)
            continue;
        if (!take(mfn, r->domain & 1 ? FX_GUEST : FX_OTHER, type))
            return;
        if (type == FX_L4 && fx_world_domain(FX_GUEST)->is_32bit)
            type = FX_L3;
        fx_world_hold(mfn, type);
        return;
    }
}

static void let_go(unsigned int i)
{
    struct fx_hold held = world.hold[i % FX_HOLDS];

    if (!held.mfn)
        return;
    if (held.type == FX_NONE)
        fx_put_page(&world.host, held.mfn);
    else
        fx_put_page_and_type(&world.host, held.mfn);
    fx_world_let_go(held.mfn, held.type);
}

static void balloon(const struct record *r)
{
    uint64_t mfn = frame_of(r->frame);

    if (!fx_is_ram(&world.host, mfn))
        return;
    if (world.allocated[fx_world_index(mfn)])
        fx_world_give_back(mfn);
    else if (!fx_frame(&world.host, mfn)->refs)
        fx_world_populate(mfn, r->domain & 1 ? FX_GUEST : FX_OTHER);
}

static void run(const struct record *r)
{
    switch (r->operation % 8) {
    case 0:
    case 1:
        write_entry(r);
        break;
    case 2:
        extended(r, r->level % 4);
        break;
    case 3:
        extended(r, r->level % 24);
        break;
    case 4:
        update(r);
        break;
    case 5:
        hold(r);
        break;
    case 6:
        let_go(r->frame);
        break;
    default:
        balloon(r);
    }
}

static void must(const char *why)
{
    if (!why)
        return;
    fprintf(stderr, "%s\n", why);
    abort();
}

static void end(void)
{
    for (unsigned int i = 0; i < FX_HOLDS; i++)
        let_go(i);
    for (uint32_t id = FX_GUEST; id <= FX_OTHER; id++)
        fx_relinquish(&world.host, fx_world_domain(id));
    for (unsigned int n = 0; n < 2 * FX_FRAMES; n++)
        if (fx_frame(&world.host, fx_world_mfn(n))->refs)
            must("a frame is left");
    fx_world_free();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record r;

    if (!size)
        return 0;
    fx_world_new(data[0] & 1, data[0] & 2 ? FX_PATCHED : FX_STOCK);
    fx_world_domain(FX_GUEST)->vcpu[0].initialised = data[0] & 4;
    for (size_t at = 1; at + sizeof(r) <= size; at += sizeof(r)) {
        memcpy(&r, data + at, sizeof(r));
        run(&r);
        must(fx_world_check());
    }
    end();
    return 0;
}
