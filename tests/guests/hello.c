/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hello.c - tells what it was given, one key=value a line, and powers off.
 *
 * Words on the command line:
 *   mod    also print mod_crc32=, as crc32(1) computes it over mod_len bytes
 *   wait   block for ever instead of powering off
 */
#include "guest.h"
#include <xen/version.h>

/* The CRC-32 of zlib and crc32(1): polynomial 04c11db7, reflected. */
static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
    int bit;

    crc ^= byte;
    for (bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    return crc;
}

static uint32_t crc_bytes(uint32_t crc, const uint8_t *data, size_t size)
{
    while (size--)
        crc = crc_byte(crc, *data++);
    return crc;
}

/* The page of the module that starts at `offset`, mapped if need be. */
static const uint8_t *module_page(unsigned long offset)
{
    mfn_t mfn;

    if (!(start_info->flags & SIF_MOD_START_PFN))
        return (const uint8_t *)start_info->mod_start + offset;
    mfn = pfn_to_mfn(PFN(start_info->mod_start + offset / PAGE_SIZE));
    if (window_map(WINDOW_ANY, mfn, 0))
        panic("cannot map the module's page at %#lx", offset);
    return window_address(WINDOW_ANY);
}

static uint32_t module_crc32(void)
{
    unsigned long left, offset, n;
    uint32_t crc = UINT32_MAX;

    for (offset = 0; offset < start_info->mod_len; offset += n) {
        left = start_info->mod_len - offset;
        n = left < PAGE_SIZE ? left : PAGE_SIZE;
        crc = crc_bytes(crc, module_page(offset), n);
    }
    return ~crc;
}

static void say_start_info(void)
{
    say("magic=%s\n", start_info->magic);
    say("nr_pages=%lu\n", start_info->nr_pages);
    say("shared_info=%#lx\n", start_info->shared_info);
    say("flags=%#x\n", start_info->flags);
    say("store_mfn=%#lx\n", start_info->store_mfn);
    say("store_evtchn=%u\n", start_info->store_evtchn);
    say("console_mfn=%#lx\n", start_info->console.domU.mfn);
    say("console_evtchn=%u\n", start_info->console.domU.evtchn);
    say("pt_base=%#lx\n", start_info->pt_base);
    say("nr_pt_frames=%lu\n", start_info->nr_pt_frames);
    say("mfn_list=%#lx\n", start_info->mfn_list);
    say("first_p2m_pfn=%lu\n", start_info->first_p2m_pfn);
    say("nr_p2m_frames=%lu\n", start_info->nr_p2m_frames);
    say("mod_start=%#lx\n", start_info->mod_start);
    say("mod_len=%lu\n", start_info->mod_len);
    say("cmd_line=%s\n", (const char *)start_info->cmd_line);
}

static void say_xen(void)
{
    long version = xen_version(XENVER_version, NULL);
    xen_extraversion_t extra = "";

    xen_version(XENVER_extraversion, extra);
    say("xen_version=%ld.%ld%s\n", version >> 16, version & 0xffff, extra);
    say("features=%#x\n", xen_features());
    say("extended_cr3=%s\n", extended_cr3() ? "yes" : "no");
    say("root_mfn=%#llx\n", (unsigned long long)cr3_to_mfn().v);
}

void guest_main(void)
{
    say("variant=%s\n", GUEST_VARIANT);
    say_start_info();
    say_xen();
    if (command_line_has("mod"))
        say("mod_crc32=%08x\n", module_crc32());
    say("hello: done\n");
    if (command_line_has("wait"))
        wait_for_ever();
}
