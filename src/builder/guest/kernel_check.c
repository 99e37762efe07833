/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/kernel_check.h"

#include <gelf.h>
#include <libelf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/kernel_notes.h"

/* ---- ELF ---- */

static bool inside(uint64_t offset, uint64_t size, uint64_t all)
{
    return offset <= all && size <= all - offset;
}

static bool tables_inside(Elf *elf, size_t size)
{
    GElf_Ehdr ehdr;

    return gelf_getehdr(elf, &ehdr) &&
           inside(ehdr.e_phoff, (uint64_t)ehdr.e_phnum * ehdr.e_phentsize,
                  size) &&
           inside(ehdr.e_shoff, (uint64_t)ehdr.e_shnum * ehdr.e_shentsize,
                  size);
}

static bool segments_inside(Elf *elf, size_t size)
{
    GElf_Phdr phdr;
    size_t i, n;

    if (elf_getphdrnum(elf, &n))
        return false;
    for (i = 0; i < n; i++)
        if (!gelf_getphdr(elf, (int)i, &phdr) ||
            !inside(phdr.p_offset, phdr.p_filesz, size))
            return false;
    return true;
}

bool kernel_is_complete(const void *image, size_t size)
{
    bool complete = false;
    Elf *elf;

    if (elf_version(EV_CURRENT) == EV_NONE)
        return false;
    /* libelf only reads an image that it was not asked to write. */
    elf = elf_memory((char *)(uintptr_t)image, size);
    if (elf)
        complete = elf_kind(elf) == ELF_K_ELF && tables_inside(elf, size) &&
                   segments_inside(elf, size);
    elf_end(elf);
    return complete;
}

static const char *elf_fault(const struct xc_dom_image *dom)
{
    struct kernel_notes notes;

    if (!kernel_is_complete(dom->kernel_blob, dom->kernel_size) ||
        kernel_notes_read(dom->kernel_blob, dom->kernel_size, &notes))
        return "a damaged or truncated ELF image";
    if (dom->guest_type && !strcmp(dom->guest_type, "xen-3.0-x86_32"))
        return "a 32-bit kernel without PAE, which no 64-bit Xen runs";
    if (notes.phys32_entry && !notes.pv)
        return "a kernel for HVM and PVH guests only";
    return notes.pv ? NULL
                    : "an ELF image without Xen's notes: not a PV kernel";
}

/* ---- packings ---- */

static bool begins_with(const uint8_t *data, size_t size, const char *magic,
                        size_t len)
{
    return size >= len && !memcmp(data, magic, len);
}

/* Those that Linux builds use (scripts/Makefile.lib).  NULL: none of them. */
static const char *find_packing(const uint8_t *data, size_t size)
{
    static const struct {
        const char *name, *magic;
        size_t len;
    } packings[] = {
        {"gzip", "\x1f\x8b", 2},
        {"bzip2", "BZh", 3},
        {"xz",
         "\xfd"
         "7zXZ",
         6},
        {"lzma", "\x5d\0\0", 3},
        {"lzo", "\x89LZO", 4},
        {"lz4", "\x02\x21\x4c\x18", 4},
        {"lz4", "\x04\x22\x4d\x18", 4},
        {"zstd", "\x28\xb5\x2f\xfd", 4},
    };
    size_t i;

    for (i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
        if (begins_with(data, size, packings[i].magic, packings[i].len))
            return packings[i].name;
    return NULL;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* Linux' boot protocol (arch/x86/boot.rst): where a header's fields are. */
#define BOOT_SETUP_SECTS    0x1f1
#define BOOT_MAGIC          0x202
#define BOOT_VERSION        0x206
#define BOOT_PAYLOAD_OFFSET 0x248
#define BOOT_PAYLOAD_LENGTH 0x24c
#define BOOT_HEADER_END     0x250

static bool is_bzimage(const uint8_t *file, size_t size)
{
    /* Version 2.08 is the first that tells of the payload. */
    return size >= BOOT_HEADER_END && !memcmp(file + BOOT_MAGIC, "HdrS", 4) &&
           (file[BOOT_VERSION] | file[BOOT_VERSION + 1] << 8) >= 0x208;
}

static void bzimage_fault(const uint8_t *file, size_t size, char *out,
                          size_t len)
{
    uint64_t sectors = file[BOOT_SETUP_SECTS] ? file[BOOT_SETUP_SECTS] : 4;
    uint64_t at = (sectors + 1) * 512 + le32(file + BOOT_PAYLOAD_OFFSET);
    uint64_t bytes = le32(file + BOOT_PAYLOAD_LENGTH);
    const char *packing;

    if (!inside(at, bytes, size)) {
        snprintf(out, len, "a bzImage that is cut off");
        return;
    }
    packing = find_packing(file + at, bytes);
    snprintf(out, len,
             "a bzImage packed %s%s, damaged or not for this libxenguest",
             packing ? "with " : "in an unknown way", packing ? packing : "");
}

/* ---- all of it ---- */

static bool is_elf(const struct xc_dom_image *dom)
{
    return begins_with(dom->kernel_blob, dom->kernel_size, "\177ELF", 4);
}

bool kernel_find_fault(const struct xc_dom_image *dom, const void *file,
                       size_t size, char *out, size_t len)
{
    const char *packing = find_packing(file, size), *fault;

    if (is_elf(dom)) {
        fault = elf_fault(dom);
        snprintf(out, len, "%s", fault ? fault : "");
        return fault != NULL;
    }
    if (is_bzimage(file, size))
        bzimage_fault(file, size, out, len);
    else if (packing && !strcmp(packing, "gzip"))
        snprintf(out, len, "packed with gzip, and cut off or damaged");
    else if (packing)
        snprintf(out, len,
                 "packed with %s, which libxenguest unpacks in a bzImage only",
                 packing);
    else
        snprintf(out, len,
                 "not an ELF image, nor one packed in a way libxenguest knows");
    return true;
}
