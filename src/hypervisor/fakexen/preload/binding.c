/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/binding.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An object's dynamic section, as far as it is of use here. */
struct object {
    const struct link_map *map;
    const char *strings, *soname;
    const Elf64_Sym *symbols;
    const uint32_t *gnu_hash;
    const Elf64_Rela *relocations[2]; /* of the PLT, and the others */
    uint64_t relocation_bytes[2];
};

static void object_read(struct object *o, const struct link_map *map)
{
    const Elf64_Dyn *d;
    uint64_t soname = 0;

    *o = (struct object){.map = map};
    for (d = map->l_ld; d && d->d_tag != DT_NULL; d++) {
        /* The C library has made addresses of some of these, not of all. */
        void *at =
            (void *)(d->d_un.d_ptr < map->l_addr ? d->d_un.d_ptr + map->l_addr
                                                 : d->d_un.d_ptr);

        switch (d->d_tag) {
        case DT_STRTAB:
            o->strings = at;
            break;
        case DT_SYMTAB:
            o->symbols = at;
            break;
        case DT_GNU_HASH:
            o->gnu_hash = at;
            break;
        case DT_JMPREL:
            o->relocations[0] = at;
            break;
        case DT_PLTRELSZ:
            o->relocation_bytes[0] = d->d_un.d_val;
            break;
        case DT_RELA:
            o->relocations[1] = at;
            break;
        case DT_RELASZ:
            o->relocation_bytes[1] = d->d_un.d_val;
            break;
        case DT_SONAME:
            soname = d->d_un.d_val;
            break;
        }
    }
    o->soname = o->strings && soname ? o->strings + soname : "";
}

static bool is_answered_library(const struct object *o)
{
    static const char *const sonames[] = {
        "libxencall.so.1",        "libxenforeignmemory.so.1",
        "libxendevicemodel.so.1", "libxenevtchn.so.1",
        "libxengnttab.so.1",      "libxenstore.so.4",
    };
    size_t i;

    for (i = 0; i < sizeof(sonames) / sizeof(sonames[0]); i++)
        if (!strcmp(o->soname, sonames[i]))
            return true;
    return false;
}

/* The object that the address is in. */
static const void *base_of(const void *address)
{
    Dl_info info;

    return address && dladdr(address, &info) ? info.dli_fbase : NULL;
}

static void __attribute__((noreturn))
refuse(const char *symbol, const char *library, const char *seen_by)
{
    fprintf(stderr,
            "fakexen: %s of %s, as %s sees it, is not answered by fakexen\n",
            symbol, library, *seen_by ? seen_by : "the program");
    _exit(1);
}

/* How many symbols there are: the hash table's chains end at the last one. */
static uint32_t count_symbols(const uint32_t *hash)
{
    uint32_t nr_buckets = hash[0], first = hash[1], bloom_words = hash[2];
    const uint32_t *buckets =
        hash + 4 + bloom_words * (sizeof(Elf64_Addr) / sizeof(*hash));
    const uint32_t *chains = buckets + nr_buckets;
    uint32_t i, last = 0;

    for (i = 0; i < nr_buckets; i++)
        if (buckets[i] > last)
            last = buckets[i];
    if (last < first)
        return first;
    while (!(chains[last - first] & 1))
        last++;
    return last + 1;
}

/* Nothing that the library exports is found in it: fakexen is asked first. What
 * the program itself defines, as Xen's own clients some helpers, is its own. */
static void check_exports(const struct object *o)
{
    uint32_t i, nr = o->gnu_hash ? count_symbols(o->gnu_hash) : 0;
    const void *library = base_of(o->map->l_ld);
    const char *name;

    for (i = 1; i < nr; i++) {
        const Elf64_Sym *symbol = &o->symbols[i];

        if (symbol->st_shndx == SHN_UNDEF ||
            ELF64_ST_TYPE(symbol->st_info) != STT_FUNC)
            continue;
        name = o->strings + symbol->st_name;
        if (base_of(dlsym(RTLD_DEFAULT, name)) == library)
            refuse(name, o->soname, "");
    }
}

static bool is_of_interest(const char *name)
{
    return !strncmp(name, "xen", 3) || !strncmp(name, "xs_", 3);
}

/* One entry of the object's table must not lead to an answered library. */
static void check_relocation(const struct object *o, const Elf64_Rela *r)
{
    uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
    struct link_map *map;
    struct object target;
    const char *name;
    Dl_info info;
    void *value;

    if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
        return;
    name = o->strings + o->symbols[ELF64_R_SYM(r->r_info)].st_name;
    if (!is_of_interest(name))
        return;
    value = *(void **)(o->map->l_addr + r->r_offset);
    if (!dladdr1(value, &info, (void **)&map, RTLD_DL_LINKMAP))
        return;
    object_read(&target, map);
    if (is_answered_library(&target))
        refuse(name, target.soname, o->map->l_name);
}

static void check_imports(const struct object *o)
{
    uint64_t i;
    int k;

    for (k = 0; k < 2 && o->strings && o->symbols; k++)
        for (i = 0; o->relocations[k] &&
                    i < o->relocation_bytes[k] / sizeof(Elf64_Rela);
             i++)
            check_relocation(o, &o->relocations[k][i]);
}

void fx_binding_check(void)
{
    const struct link_map *map;
    void *program = dlopen(NULL, RTLD_LAZY);
    struct object o;

    if (!program || dlinfo(program, RTLD_DI_LINKMAP, &map)) {
        fprintf(stderr, "fakexen: cannot look at the loaded objects: %s\n",
                dlerror());
        _exit(1);
    }
    for (; map; map = map->l_next) {
        object_read(&o, map);
        if (is_answered_library(&o))
            check_exports(&o);
        else
            check_imports(&o);
    }
    dlclose(program);
}

static void __attribute__((constructor)) check_at_start(void)
{
    fx_binding_check();
}
