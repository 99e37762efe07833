/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/kernel_check.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xen/features.h>
#include <xenctrl.h>
#include <xenguest.h>

#include "guest/packing.h"
#include "hooks/kernel_notes.h"

struct line {
    char *text;
    size_t room;
};

/* ---- ELF ---- */

static const char *machine_name(unsigned int machine)
{
    static const struct {
        unsigned int machine;
        const char *name;
    } known[] = {
        {EM_AARCH64, "AArch64"},    {EM_ARM, "Arm"},
        {EM_PPC64, "64-bit POWER"}, {EM_PPC, "PowerPC"},
        {EM_RISCV, "RISC-V"},       {EM_S390, "S/390"},
        {EM_IA_64, "Itanium"},      {EM_MIPS, "MIPS"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].machine == machine)
            return known[i].name;
    return NULL;
}

/* A fault in words, kernel_find_fault()'s: always true. */
static bool __attribute__((format(printf, 2, 3)))
found(const struct line *line, const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(line->text, line->room, fmt, al);
    va_end(al);
    return true;
}

static bool other_machine(unsigned int machine, const struct line *line)
{
    const char *name = machine_name(machine);

    if (machine == EM_386 || machine == EM_X86_64)
        return false;
    if (name)
        return found(line, "a kernel for another machine (%s)", name);
    return found(line, "a kernel for another machine (ELF machine %u)",
                 machine);
}

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* Linux says so itself, or its kernel came in a bzImage. */
static bool is_linux(const struct kernel_notes *notes, bool bzimage)
{
    return bzimage || begins(notes->guest_os, "linux");
}

/* What a Linux that is no PV kernel lacks. */
static const char *linux_hint(const struct kernel_notes *notes, bool bzimage)
{
    if (!is_linux(notes, bzimage))
        return "";
    return notes->machine == EM_386
               ? "; Linux has no 32-bit PV since 5.9"
               : "; a Linux for PV guests has CONFIG_XEN_PV";
}

/* Where a kernel lies, as libxenguest computes it. */
struct extent {
    uint64_t base, first, end;
};

static struct extent extent_of(const struct kernel_notes *notes)
{
    uint64_t base = notes->virt_base != KERNEL_UNSET ? notes->virt_base : 0;
    uint64_t offset = notes->paddr_offset;

    if (offset == KERNEL_UNSET)
        offset = notes->source == KERNEL_HAS_STRING ? base : 0;
    return (struct extent){
        .base = base,
        .first = notes->first + (base - offset),
        .end = notes->end + (base - offset),
    };
}

static bool bad_entry(const struct kernel_notes *notes, const struct extent *e,
                      bool bzimage, const struct line *line)
{
    if (notes->entry >= e->first && notes->entry <= e->end)
        return false;
    if (notes->phys32_entry != KERNEL_UNSET)
        return found(line, "a kernel for HVM and PVH guests only%s",
                     linux_hint(notes, bzimage));
    return found(line,
                 "its entry, %#" PRIx64
                 ", lies outside of the kernel, %#" PRIx64 " to %#" PRIx64 "%s",
                 notes->entry, e->first, e->end,
                 notes->virt_base == KERNEL_UNSET ? "; it has no VIRT_BASE"
                                                  : "");
}

/* Where its memory begins, and where it is linked and entered. */
static bool bad_addresses(const struct kernel_notes *notes, bool bzimage,
                          const struct line *line)
{
    struct extent e = extent_of(notes);

    if (notes->virt_base == KERNEL_UNSET && notes->paddr_offset != KERNEL_UNSET)
        return found(line, "it has a PADDR_OFFSET, but no VIRT_BASE");
    if (notes->first > notes->end)
        return found(line, "an ELF image with nothing to load");
    if (e.first > e.end)
        return found(line,
                     "it would lie from %#" PRIx64 " to %#" PRIx64
                     ", past the end of all addresses",
                     e.first, e.end);
    if (bad_entry(notes, &e, bzimage, line))
        return true;
    if (e.base > e.first)
        return found(line,
                     "the kernel is linked at %#" PRIx64
                     ", below its VIRT_BASE %#" PRIx64,
                     e.first, e.base);
    if (notes->init_p2m >= e.first && notes->init_p2m < e.end)
        return found(line,
                     "its INIT_P2M, %#" PRIx64
                     ", lies within the kernel, %#" PRIx64 " to %#" PRIx64,
                     notes->init_p2m, e.first, e.end);
    return false;
}

/* Who made it, and for which Xen. */
static bool bad_words(const struct kernel_notes *notes, bool bzimage,
                      const struct line *line)
{
    const char *version =
        notes->source == KERNEL_HAS_NOTES ? "XEN_VERSION" : "XEN_VER";

    if (!begins(notes->loader, "generic") &&
        !begins(notes->guest_os, "linux")) {
        if (notes->phys32_entry != KERNEL_UNSET && !notes->loader[0])
            return found(line, "a kernel for HVM and PVH guests only%s",
                         linux_hint(notes, bzimage));
        return found(line,
                     "its LOADER is \"%s\" and its GUEST_OS \"%s\"; one has to "
                     "be \"generic\", or the other \"linux\"",
                     notes->loader, notes->guest_os);
    }
    if (!notes->xen_version[0])
        return found(line, "it has no %s, which has to be \"xen-3.0\"",
                     version);
    if (!begins(notes->xen_version, "xen-3.0"))
        return found(line, "its %s is \"%s\", not \"xen-3.0\"", version,
                     notes->xen_version);
    return false;
}

/* What libxenguest looks at, in its order. */
static bool bad_notes(const struct kernel_notes *notes, bool bzimage,
                      const struct line *line)
{
    if (notes->source == KERNEL_SAYS_NOTHING)
        return found(line,
                     "an ELF image without Xen's notes: not a PV kernel%s",
                     linux_hint(notes, bzimage));
    if (notes->source == KERNEL_HAS_NOTES && notes->unknown_feature[0])
        return found(line,
                     "it requires \"%s\", a feature that libxenguest "
                     "does not know",
                     notes->unknown_feature + 1);
    if (bad_words(notes, bzimage, line) || bad_addresses(notes, bzimage, line))
        return true;
    if (notes->required & UINT32_C(1) << XENFEAT_dom0)
        return found(line, "a kernel for domain 0 only");
    if (notes->machine == EM_386 && !notes->pae)
        return found(line,
                     "a 32-bit kernel without PAE, which no 64-bit Xen runs");
    return false;
}

static bool elf_fault(const struct xc_dom_image *dom, bool bzimage,
                      const struct line *line)
{
    struct kernel_notes notes;

    if (kernel_notes_read(dom->kernel_blob, dom->kernel_size, &notes) ||
        !kernel_is_complete(dom->kernel_blob, dom->kernel_size))
        return found(line, "a damaged or truncated ELF image");
    if (other_machine(notes.machine, line) || bad_notes(&notes, bzimage, line))
        return true;
    /* All that libxenguest looks at beside, before it knows the type. */
    return !dom->guest_type && notes.symbols &&
           found(line, "its symbols, which BSD_SYMTAB asks for, have no room "
                       "behind the kernel");
}

/* ---- all of it ---- */

bool kernel_find_fault(const struct xc_dom_image *dom, const void *file,
                       size_t size, const struct diag *said, char *out,
                       size_t len)
{
    struct line line = {out, len};

    out[0] = '\0';
    if (dom->kernel_size >= SELFMAG &&
        !memcmp(dom->kernel_blob, ELFMAG, SELFMAG))
        return elf_fault(dom, packing_is_bzimage(file, size), &line);
    packing_fault(file, size, said, out, len);
    return true;
}
