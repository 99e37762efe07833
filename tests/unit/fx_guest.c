/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fx_guest.h"

#include "domain/vcpu_info.h"
#include "hypercall/guest_call.h"
#include "machine/lock.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"

struct fg_guest guest;

static uint64_t new_frame(void)
{
    uint64_t mfn = fx_new_frame(guest.host, guest.domain);

    fx_m2p_set(guest.host, mfn, guest.domain->tot_pages - 1);
    return mfn;
}

static uint64_t entry(uint64_t mfn, uint64_t flags)
{
    return mfn << FX_PAGE_SHIFT | FX_PRESENT | flags;
}

static void set_entry(uint64_t table, uint64_t slot, uint64_t value)
{
    ((uint64_t *)fx_page(guest.host, table))[slot] = value;
}

/* Down to the L1 with all of the pages, which lie in one 2 MiB. */
static void make_tables(void)
{
    const uint64_t table = guest.is_32bit ? 0 : FX_RW | FX_USER;
    uint64_t l2 = new_frame(), l3 = new_frame(), i;

    guest.l1 = new_frame();
    guest.root = guest.is_32bit ? l3 : new_frame();
    if (guest.is_32bit)
        set_entry(l3, FX_PAE_L3_XEN, entry(new_frame(), 0));
    else
        set_entry(guest.root, 0, entry(l3, table));
    set_entry(l3, FG_BASE >> 30, entry(l2, table));
    set_entry(l2, FG_BASE >> 21 & 511, entry(guest.l1, FX_RW | FX_USER));
    for (i = 0; i < FG_PAGES; i++) {
        guest.data[i] = new_frame();
        if (i != FG_ABSENT)
            set_entry(
                guest.l1, i,
                entry(guest.data[i], (i == FG_READONLY ? 0 : FX_RW) | FX_USER));
    }
}

static void start(void)
{
    struct fx_vcpu *slot = fx_vcpu(guest.host, guest.domain, 0);

    FX_MUST(!fx_get_root(guest.host, guest.domain, guest.root));
    fg_state(0)->root = guest.root;
    fg_state(0)->context.flags |= VGCF_in_kernel;
    slot->initialised = true;
    slot->down = false;
    guest.domain->pause_count = 0;
    guest.domain->creation_finished = true;
}

void fg_setup(bool is_32bit)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = FG_VCPUS,
        .max_evtchn_port = -1,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = 1,
    };

    guest = (struct fg_guest){.is_32bit = is_32bit};
    guest.host = fx_open(&(struct fx_options){.memory_bytes = 32 * MIB});
    fx_lock(guest.host);
    FX_MUST(!fx_domain_create(guest.host, FG_ID, &config));
    guest.domain = fx_domain(guest.host, FG_ID);
    guest.domain->is_32bit = is_32bit;
    guest.domain->max_pages = 64;
    FX_MUST(!fx_domain_make_vcpus(guest.host, guest.domain));
    make_tables();
    for (unsigned int i = 0; i < 4; i++)
        guest.spare[i] = new_frame();
    start();
    fx_unlock(guest.host);
}

void fg_teardown(void)
{
    struct fx_host *host = guest.host;

    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    if (fx_domain(host, FG_ID))
        fx_domain_kill(host, fx_domain(host, FG_ID));
    fx_unlock(host);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    fx_unlock(host);
    fx_host_close(host);
}

long fg_call_on(uint32_t vcpu, unsigned int number, uint64_t a, uint64_t b,
                uint64_t c, uint64_t d)
{
    const uint64_t arg[6] = {a, b, c, d};
    long result;

    fx_lock(guest.host);
    result = fx_guest_call(guest.host, guest.domain, vcpu, number, arg);
    fx_unlock(guest.host);
    return result;
}

long fg_call(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
             uint64_t d)
{
    return fg_call_on(0, number, a, b, c, d);
}

void *fg_memory(uint64_t address)
{
    uint64_t page = (address - FG_BASE) >> FX_PAGE_SHIFT;

    FX_MUST(page < FG_PAGES);
    return (uint8_t *)fx_page(guest.host, guest.data[page]) +
           (address & (FX_PAGE_SIZE - 1));
}

/* Byte by byte, as it may lie on two pages. */
void fg_put(uint64_t address, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *(uint8_t *)fg_memory(address + i) = ((const uint8_t *)from)[i];
}

void fg_get(void *to, uint64_t address, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)to)[i] = *(uint8_t *)fg_memory(address + i);
}

unsigned int fg_word(void)
{
    return guest.is_32bit ? 4 : 8;
}

void fg_put_word(uint64_t address, uint64_t value)
{
    fg_put(address, &value, fg_word());
}

uint64_t fg_get_word(uint64_t address)
{
    uint64_t value = 0;

    fg_get(&value, address, fg_word());
    return value;
}

struct fx_vcpu_state *fg_state(uint32_t vcpu)
{
    return fx_vcpu_state(guest.host, guest.domain, vcpu);
}

uint8_t *fg_shared(void)
{
    return fx_shared_info(guest.host, guest.domain);
}
