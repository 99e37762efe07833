/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt/reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what is wrong ---- */

void fault(struct reader *rd, xmlNodePtr node, const char *fmt, ...)
{
    struct libvirt_xl *out = rd->out;
    struct libvirt_fault *f;
    va_list al;
    int n;

    if (out->faults++ >= LIBVIRT_FAULTS)
        return;
    f = &out->fault[out->faults - 1];
    f->line = (unsigned int)xmlGetLineNo(node);
    n = snprintf(f->what, sizeof(f->what),
                 "<%.60s>: ", (const char *)node->name);
    va_start(al, fmt);
    vsnprintf(f->what + n, sizeof(f->what) - (size_t)n, fmt, al);
    va_end(al);
}

void kept(struct reader *rd, xmlNodePtr node, const char *attribute)
{
    struct libvirt_xl *out = rd->out;
    struct libvirt_fault *k;

    if (!node || (attribute && !xmlHasProp(node, (const xmlChar *)attribute)) ||
        out->kept++ >= LIBVIRT_FAULTS)
        return;
    k = &out->keep[out->kept - 1];
    k->line = (unsigned int)xmlGetLineNo(node);
    snprintf(k->what, sizeof(k->what), "<%s>: libvirt would leave %s out",
             (const char *)node->name, attribute ? attribute : "it");
}

/* Does a list with blanks around each have the word? */
static bool among(const char *words, const char *word)
{
    const char *at = words;
    size_t len = strchr(word, ' ') ? 0 : strlen(word);

    while (len && at && (at = strstr(at, word))) {
        if (at > words && at[-1] == ' ' && at[len] == ' ')
            return true;
        at += len;
    }
    return false;
}

static void check_attributes(struct reader *rd, xmlNodePtr node,
                             const char *known)
{
    for (xmlAttrPtr a = node->properties; a; a = a->next)
        if (a->ns || !among(known, (const char *)a->name))
            fault(rd, node, "domwright has no use for the attribute %.60s",
                  (const char *)a->name);
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t\r\n")];
}

static const char xen_ns[] = "http://libvirt.org/schemas/domain/xen/1.0";

/* A name that begins with "xen:" is of that name space. */
static bool has_name(xmlNodePtr node, const char *name)
{
    bool xen = node->ns && node->ns->href &&
               !strcmp((const char *)node->ns->href, xen_ns);

    if (xen)
        return !strncmp(name, "xen:", 4) &&
               !strcmp(name + 4, (const char *)node->name);
    return !node->ns && !strcmp(name, (const char *)node->name);
}

static const struct element *find(const struct element *table, xmlNodePtr node)
{
    while (table->name && !has_name(node, table->name))
        table++;
    return table->name ? table : NULL;
}

static bool stands_before(xmlNodePtr node)
{
    for (xmlNodePtr n = node->prev; n; n = n->prev)
        if (n->type == XML_ELEMENT_NODE && !xmlStrcmp(n->name, node->name))
            return true;
    return false;
}

static void read_child(struct reader *rd, xmlNodePtr node,
                       const struct element *table)
{
    const struct element *known = find(table, node);

    if (!known)
        fault(rd, node, "domwright cannot give that to a PV guest");
    else if (!known->many && stands_before(node))
        fault(rd, node, "it stands there twice");
    else if (known->read) {
        check_attributes(rd, node, known->attributes);
        known->read(rd, node);
    }
}

void read_children(struct reader *rd, xmlNodePtr node,
                   const struct element *table)
{
    for (xmlNodePtr n = node->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE)
            read_child(rd, n, table);
        else if ((n->type == XML_TEXT_NODE ||
                  n->type == XML_CDATA_SECTION_NODE) &&
                 !is_blank((const char *)n->content))
            fault(rd, node, "text is in it, where only elements may be");
    }
}

/* ---- what stands there ---- */

static char *copy(struct reader *rd, xmlChar *text)
{
    char *own = text ? strdup((const char *)text) : NULL;

    if (!own)
        rd->no_memory = true;
    xmlFree(text);
    return own;
}

char *text_of(struct reader *rd, xmlNodePtr node)
{
    for (xmlNodePtr n = node->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE)
            fault(rd, n, "it is in <%.60s>, where only text may be",
                  (const char *)node->name);
    return copy(rd, xmlNodeGetContent(node));
}

char *attribute(struct reader *rd, xmlNodePtr node, const char *name)
{
    if (!xmlHasProp(node, (const xmlChar *)name))
        return NULL;
    return copy(rd, xmlGetProp(node, (const xmlChar *)name));
}

bool attribute_is(struct reader *rd, xmlNodePtr node, const char *name,
                  const char *value)
{
    char *text = attribute(rd, node, name);
    bool is = text && !strcmp(text, value);

    free(text);
    return is;
}

bool attribute_among(struct reader *rd, xmlNodePtr node, const char *name,
                     const char *words)
{
    char *text = attribute(rd, node, name);
    bool is = text && among(words, text);

    if (text && !is)
        fault(rd, node, "%s is %.60s, where domwright knows only%s", name, text,
              words);
    free(text);
    return is;
}

bool attribute_needed(struct reader *rd, xmlNodePtr node, const char *name,
                      const char *words)
{
    if (xmlHasProp(node, (const xmlChar *)name))
        return attribute_among(rd, node, name, words);
    fault(rd, node, "its %s is missing; domwright knows%s", name, words);
    return false;
}

xmlNodePtr child_of(xmlNodePtr node, const char *name)
{
    for (xmlNodePtr n = node->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && !n->ns &&
            !strcmp((const char *)n->name, name))
            return n;
    return NULL;
}

bool read_number(struct reader *rd, xmlNodePtr node, const char *text,
                 uint64_t *value)
{
    char *end;

    if (!text)
        return false;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (isdigit((unsigned char)text[*text == '+']) && !*end && !errno)
        return true;
    fault(rd, node,
          errno ? "the number is too large: %.60s"
                : "it is no whole number from 0 up: %.60s",
          text);
    return false;
}

/* Bytes in a unit as libvirt has them; 0: there is no such unit. */
static uint64_t unit_bytes(const char *unit)
{
    static const char letters[] = "kmgtp";
    const char *letter = strchr(letters, *unit | 0x20);
    uint64_t bytes = 1, step;

    if (!strcasecmp(unit, "b") || !strcasecmp(unit, "bytes") ||
        !strcasecmp(unit, "byte"))
        return 1;
    if (!*unit || !letter)
        return 0;
    if (!unit[1] || !strcasecmp(unit + 1, "ib"))
        step = 1024;
    else if (!strcasecmp(unit + 1, "b"))
        step = 1000;
    else
        return 0;
    for (const char *l = letters; l <= letter; l++)
        bytes *= step;
    return bytes;
}

bool read_mib(struct reader *rd, xmlNodePtr node, const char *text,
              const char *unit, uint64_t *mib)
{
    uint64_t value, bytes = unit_bytes(unit ? unit : "KiB");

    if (!read_number(rd, node, text, &value))
        return false;
    if (!bytes) {
        fault(rd, node, "there is no unit %.60s", unit);
        return false;
    }
    if (value > (UINT64_MAX - (1 << 20)) / bytes) {
        fault(rd, node, "the size is too large: %.60s", text);
        return false;
    }
    *mib = (value * bytes + (1 << 20) - 1) >> 20;
    return true;
}

/* ---- what is written ---- */

bool buffer_begin(struct reader *rd, struct buffer *b)
{
    *b = (struct buffer){0};
    b->to = open_memstream(&b->text, &b->len);
    if (!b->to)
        rd->no_memory = true;
    return b->to != NULL;
}

char *buffer_end(struct reader *rd, struct buffer *b)
{
    bool failed = ferror(b->to);

    if (fclose(b->to))
        failed = true;
    b->to = NULL;
    if (!failed && b->text)
        return b->text;
    rd->no_memory = true;
    free(b->text);
    return NULL;
}

void put_quoted(FILE *to, const char *value)
{
    fputc('"', to);
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", to);
        else if (*value == '\t')
            fputs("\\t", to);
        else if (*value == '\r')
            fputs("\\r", to);
        else {
            if (*value == '"' || *value == '\\')
                fputc('\\', to);
            fputc(*value, to);
        }
    }
    fputc('"', to);
}

/* The line that is written next comes from there. */
static void begin_line(struct reader *rd, unsigned int line)
{
    struct libvirt_xl *out = rd->out;
    unsigned int *more = realloc(out->line, (out->nr + 1) * sizeof(*out->line));

    if (!more) {
        rd->no_memory = true;
        return;
    }
    out->line = more;
    out->line[out->nr++] = line;
}

void set(struct reader *rd, xmlNodePtr node, const char *key, const char *fmt,
         ...)
{
    va_list al;

    begin_line(rd, (unsigned int)xmlGetLineNo(node));
    fprintf(rd->text, "%s = ", key);
    va_start(al, fmt);
    vfprintf(rd->text, fmt, al);
    va_end(al);
    fputc('\n', rd->text);
}

void set_string(struct reader *rd, xmlNodePtr node, const char *key,
                const char *value)
{
    begin_line(rd, (unsigned int)xmlGetLineNo(node));
    fprintf(rd->text, "%s = ", key);
    put_quoted(rd->text, value);
    fputc('\n', rd->text);
}

void add_raw_item(struct reader *rd, xmlNodePtr node, enum reader_list list,
                  const char *item)
{
    struct buffer *items = &rd->list[list].items;

    if (items->to) {
        fputs(", ", items->to);
    } else {
        rd->list[list].line = (unsigned int)xmlGetLineNo(node);
        if (!buffer_begin(rd, items))
            return;
    }
    fputs(item, items->to);
}

void add_item(struct reader *rd, xmlNodePtr node, enum reader_list list,
              const char *fmt, ...)
{
    char *item = NULL, *quoted = NULL;
    struct buffer b;
    va_list al;

    va_start(al, fmt);
    if (vasprintf(&item, fmt, al) < 0)
        item = NULL;
    va_end(al);
    if (!item) {
        rd->no_memory = true;
        return;
    }
    if (buffer_begin(rd, &b)) {
        put_quoted(b.to, item);
        quoted = buffer_end(rd, &b);
    }
    if (quoted)
        add_raw_item(rd, node, list, quoted);
    free(item);
    free(quoted);
}

bool is_plain(struct reader *rd, xmlNodePtr node, const char *what,
              const char *value)
{
    /* xl ends a part of a device's description at a comma, and trims it. */
    if (*value && !strpbrk(value, ",\n\t\r") && *value != ' ' &&
        value[strlen(value) - 1] != ' ')
        return true;
    fault(rd, node, "xl has no way to say the %s \"%.60s\"", what, value);
    return false;
}

static void put_lists(struct reader *rd)
{
    static const char *const keys[LISTS] = {
        [LIST_DISK] = "disk",
        [LIST_VIF] = "vif",
        [LIST_VFB] = "vfb",
        [LIST_PCI] = "pci",
        [LIST_CHANNEL] = "channel",
        [LIST_VNUMA] = "vnuma",
        [LIST_USBCTRL] = "usbctrl",
        [LIST_USBDEV] = "usbdev",
        [LIST_ARGUMENTS] = "device_model_args",
    };

    for (int i = 0; i < LISTS; i++) {
        char *items = NULL;

        if (rd->list[i].items.to)
            items = buffer_end(rd, &rd->list[i].items);
        if (!items)
            continue;
        begin_line(rd, rd->list[i].line);
        fprintf(rd->text, "%s = [ %s ]\n", keys[i], items);
        free(items);
    }
}

/* ---- <domain> ---- */

static void read_name(struct reader *rd, xmlNodePtr node)
{
    char *text = text_of(rd, node);

    if (text && strchr(text, '/'))
        fault(rd, node, "a name with a slash in it");
    else if (text)
        set_string(rd, node, "name", text);
    free(text);
}

/* As xl wants it: with the dashes that libvirt's may lack, without blanks. */
static void read_uuid(struct reader *rd, xmlNodePtr node)
{
    char *text = text_of(rd, node), uuid[37];
    size_t n = 0;

    for (const char *p = text; p && *p; p++) {
        if (strchr("- \t\r\n", *p))
            continue;
        if (n == 8 || n == 13 || n == 18 || n == 23)
            uuid[n++] = '-';
        if (n < 36)
            uuid[n++] = *p;
        else
            n = 37;
        if (n > 36)
            break;
    }
    uuid[n < 36 ? n : 36] = '\0';
    if (n == 36 && strspn(uuid, "0123456789abcdefABCDEF-") == 36)
        set_string(rd, node, "uuid", uuid);
    else
        fault(rd, node, "it is not a UUID");
    free(text);
}

static bool size_of(struct reader *rd, xmlNodePtr node, uint64_t *mib)
{
    char *text = text_of(rd, node), *unit = attribute(rd, node, "unit");
    bool good = read_mib(rd, node, text, unit, mib);

    free(text);
    free(unit);
    return good;
}

static void read_memory(struct reader *rd, xmlNodePtr node)
{
    rd->memory_line = (unsigned int)xmlGetLineNo(node);
    if (size_of(rd, node, &rd->memory_mib) && rd->memory_mib == 0)
        fault(rd, node, "a guest has some");
    if (attribute_is(rd, node, "dumpCore", "off"))
        fault(rd, node, "xl has no way to leave memory out of a core file");
}

static void read_current(struct reader *rd, xmlNodePtr node)
{
    (void)!size_of(rd, node, &rd->current_mib);
}

/* A list of host CPUs; xl's "all" and "nodes:" are none of libvirt's words. */
static char *cpuset_of(struct reader *rd, xmlNodePtr node)
{
    char *text = attribute(rd, node, "cpuset");

    if (text && text[strspn(text, "0123456789,-^ ")])
        fault(rd, node, "cpuset is no list like 0-3,^2: %.60s", text);
    return text;
}

static void read_vcpu(struct reader *rd, xmlNodePtr node)
{
    char *text = text_of(rd, node), *current = attribute(rd, node, "current");
    uint64_t n;

    (void)!attribute_among(rd, node, "placement", " static ");
    if (read_number(rd, node, text, &rd->vcpus))
        set(rd, node, "maxvcpus", "%llu", (unsigned long long)rd->vcpus);
    if (!current)
        n = rd->vcpus;
    if (!current || read_number(rd, node, current, &n))
        set(rd, node, "vcpus", "%llu", (unsigned long long)n);
    rd->cpuset = cpuset_of(rd, node);
    rd->pin_line = (unsigned int)xmlGetLineNo(node);
    free(text);
    free(current);
}

static void read_os_type(struct reader *rd, xmlNodePtr node)
{
    char *text = text_of(rd, node);

    if (text && strcmp(text, "linux") && strcmp(text, "xen"))
        fault(rd, node,
              "domwright builds PV guests, whose type is linux or "
              "xen, not %.60s",
              text);
    (void)!attribute_among(rd, node, "machine", " xenpv ");
    if (attribute_among(rd, node, "arch", " i686 x86_64 ")) {
        rd->out->width = attribute_is(rd, node, "arch", "i686") ? 32 : 64;
        rd->out->width_line = (unsigned int)xmlGetLineNo(node);
    }
    set_string(rd, node, "type", "pv");
    free(text);
}

/* libvirt leaves an empty one out. */
void read_path(struct reader *rd, xmlNodePtr node)
{
    static const struct {
        const char *element, *key;
    } keys[] = {
        {"kernel", "kernel"},
        {"initrd", "ramdisk"},
        {"cmdline", "cmdline"},
        {"bootloader", "bootloader"},
        {"emulator", "device_model_override"},
    };
    char *text = text_of(rd, node);

    for (size_t i = 0; text && *text && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!strcmp(keys[i].element, (const char *)node->name))
            set_string(rd, node, keys[i].key, text);
    free(text);
}

/* Words, as xl wants them. */
static void read_bootloader_args(struct reader *rd, xmlNodePtr node)
{
    char *text = text_of(rd, node), *rest = text, *word, *list;
    struct buffer b;

    if (!buffer_begin(rd, &b)) {
        free(text);
        return;
    }
    while ((word = strsep(&rest, " \t\r\n"))) {
        if (!*word)
            continue;
        fputs(ftell(b.to) > 0 ? ", " : "", b.to);
        put_quoted(b.to, word);
    }
    list = buffer_end(rd, &b);
    if (list && *list)
        set(rd, node, "bootloader_args", "[ %s ]", list);
    free(list);
    free(text);
}

static const struct element os[] = {
    {"type", read_os_type, " arch machine ", false},
    {"kernel", read_path, " ", false},
    {"initrd", read_path, " ", false},
    {"cmdline", read_path, " ", false},
    {"boot", NULL, NULL, true}, /* HVM's, as xl's key is */
    {NULL, NULL, NULL, false},
};

static void read_os(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, os);
    if (!child_of(node, "type"))
        fault(rd, node, "the type is missing; a PV guest's is linux or xen");
}

static void read_e820(struct reader *rd, xmlNodePtr node)
{
    (void)!attribute_among(rd, node, "state", " on off ");
    set(rd, node, "e820_host", "%d", attribute_is(rd, node, "state", "on"));
}

static void read_passthrough(struct reader *rd, xmlNodePtr node)
{
    char *mode = attribute(rd, node, "mode");
    const char *word = mode ? mode : "enabled";

    (void)!attribute_among(rd, node, "state", " on off ");
    (void)!attribute_among(rd, node, "mode", " sync_pt share_pt ");
    if (attribute_is(rd, node, "state", "off"))
        word = "disabled";
    set_string(rd, node, "passthrough", word);
    free(mode);
}

static const struct element xen_features[] = {
    {"e820_host", read_e820, " state ", false},
    {"passthrough", read_passthrough, " state mode ", false},
    {NULL, NULL, NULL, false},
};

static void read_xen_features(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, xen_features);
}

/* xl takes them for any guest, and they are HVM's. */
static void read_flag(struct reader *rd, xmlNodePtr node)
{
    set(rd, node, (const char *)node->name, "1");
}

static const struct element features[] = {
    {"acpi", read_flag, " ", false}, {"apic", read_flag, " ", false},
    {"pae", read_flag, " ", false},  {"xen", read_xen_features, " ", false},
    {NULL, NULL, NULL, false},
};

static void read_features(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, features);
}

static void read_timer(struct reader *rd, xmlNodePtr node)
{
    static const struct {
        const char *libvirt, *xl;
    } modes[] = {
        {"auto", "default"},
        {"native", "native"},
        {"emulate", "always_emulate"},
        {"paravirt", "native_paravirt"},
    };
    char *mode = attribute(rd, node, "mode");

    (void)!attribute_needed(rd, node, "name", " tsc ");
    (void)!attribute_among(rd, node, "present", " yes no ");
    (void)!attribute_among(rd, node, "mode", " auto native emulate paravirt ");
    if (attribute_is(rd, node, "present", "no") || !mode)
        set_string(rd, node, "tsc_mode", "default");
    else
        for (size_t i = 0; mode && i < sizeof(modes) / sizeof(modes[0]); i++)
            if (!strcmp(mode, modes[i].libvirt))
                set_string(rd, node, "tsc_mode", modes[i].xl);
    free(mode);
}

static const struct element timers[] = {
    {"timer", read_timer, " name present mode ", false},
    {NULL, NULL, NULL, false},
};

static void read_clock(struct reader *rd, xmlNodePtr node)
{
    if (attribute_among(rd, node, "offset", " utc localtime "))
        set(rd, node, "localtime", "%d",
            attribute_is(rd, node, "offset", "localtime"));
    (void)!attribute_among(rd, node, "adjustment", " reset ");
    read_children(rd, node, timers);
}

/* Only after a crash is there something to dump. */
static void read_action(struct reader *rd, xmlNodePtr node)
{
    static const char always[] = " destroy restart rename-restart preserve ";
    static const char dumps[] = " coredump-destroy coredump-restart ";
    bool crash = !strcmp((const char *)node->name, "on_crash");
    char *text = text_of(rd, node);

    if (text && (among(always, text) || (crash && among(dumps, text))))
        set_string(rd, node, (const char *)node->name, text);
    else if (text)
        fault(rd, node, "%.60s is none of%s%s", text, always,
              crash ? dumps + 1 : "");
    free(text);
}

static void read_weight(struct reader *rd, xmlNodePtr node)
{
    char *text = text_of(rd, node);
    uint64_t n;

    if (read_number(rd, node, text, &n))
        set(rd, node, "cpu_weight", "%llu", (unsigned long long)n);
    free(text);
}

static void read_vcpupin(struct reader *rd, xmlNodePtr node)
{
    char *text = attribute(rd, node, "vcpu");
    char *cpuset = cpuset_of(rd, node);
    uint64_t n;

    if (!text || !cpuset)
        fault(rd, node, "it needs vcpu and cpuset");
    else if (read_number(rd, node, text, &n) && n >= READER_PINS)
        fault(rd, node, "a PV guest has no vCPU %.60s", text);
    else if (text) {
        if (!rd->pin)
            rd->pin = calloc(READER_PINS, sizeof(*rd->pin));
        if (!rd->pin)
            rd->no_memory = true;
        else if (rd->pin[n])
            fault(rd, node, "vCPU %.60s is pinned twice", text);
        else {
            rd->pin[n] = cpuset;
            cpuset = NULL;
            rd->pin_line = (unsigned int)xmlGetLineNo(node);
        }
    }
    free(text);
    free(cpuset);
}

static const struct element cputune[] = {
    {"shares", read_weight, " ", false},
    {"vcpupin", read_vcpupin, " vcpu cpuset ", true},
    {NULL, NULL, NULL, false},
};

static void read_cputune(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, cputune);
    kept(rd, child_of(node, "shares"), NULL);
    kept(rd, child_of(node, "vcpupin"), NULL);
}

static void read_seclabel(struct reader *rd, xmlNodePtr node)
{
    (void)!attribute_needed(rd, node, "type", " none ");
}

/* Arguments for the device model, one after the other. */
static void read_argument(struct reader *rd, xmlNodePtr node)
{
    char *value = attribute(rd, node, "value");
    char *quoted = NULL;
    struct buffer b;

    if (!value) {
        fault(rd, node, "its value is missing");
        return;
    }
    if (buffer_begin(rd, &b)) {
        put_quoted(b.to, value);
        quoted = buffer_end(rd, &b);
    }
    if (quoted)
        add_raw_item(rd, node, LIST_ARGUMENTS, quoted);
    free(quoted);
    free(value);
}

static const struct element arguments[] = {
    {"xen:arg", read_argument, " value ", true},
    {NULL, NULL, NULL, false},
};

static void read_commandline(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, arguments);
}

static const struct element domain[] = {
    {"name", read_name, " ", false},
    {"uuid", read_uuid, " ", false},
    /* They are for people and for libvirt, and change no guest. */
    {"title", NULL, NULL, false},
    {"description", NULL, NULL, false},
    {"metadata", NULL, NULL, false},
    {"memory", read_memory, " unit dumpCore ", false},
    {"currentMemory", read_current, " unit ", false},
    {"vcpu", read_vcpu, " placement cpuset current ", false},
    {"os", read_os, " ", false},
    {"bootloader", read_path, " ", false},
    {"bootloader_args", read_bootloader_args, " ", false},
    {"on_poweroff", read_action, " ", false},
    {"on_reboot", read_action, " ", false},
    {"on_crash", read_action, " ", false},
    {"features", read_features, " ", false},
    {"clock", read_clock, " offset adjustment ", false},
    {"cputune", read_cputune, " ", false},
    {"cpu", read_cpu, " mode match check migratable ", false},
    {"seclabel", read_seclabel, " type ", true},
    {"devices", read_devices, " ", false},
    {"xen:commandline", read_commandline, " ", false},
    {NULL, NULL, NULL, false},
};

/* As libvirt: current memory that is missing, 0, or too much is all of it. */
static void put_memory(struct reader *rd)
{
    uint64_t now = rd->current_mib;

    if (!rd->memory_line)
        return;
    if (!now || now > rd->memory_mib)
        now = rd->memory_mib;
    begin_line(rd, rd->memory_line);
    fprintf(rd->text, "maxmem = %llu\n", (unsigned long long)rd->memory_mib);
    begin_line(rd, rd->memory_line);
    fprintf(rd->text, "memory = %llu\n", (unsigned long long)now);
}

/* One list for all vCPUs, or one for each where any has its own. */
static void put_cpus(struct reader *rd, xmlNodePtr root)
{
    const char *all = rd->cpuset ? rd->cpuset : "all";
    uint64_t n = 0;

    if (!rd->cpuset && !rd->pin)
        return;
    begin_line(rd, rd->pin_line);
    fputs("cpus = ", rd->text);
    if (!rd->pin)
        put_quoted(rd->text, all);
    for (; rd->pin && n < rd->vcpus && n < READER_PINS; n++) {
        fputs(n ? ", " : "[ ", rd->text);
        put_quoted(rd->text, rd->pin[n] ? rd->pin[n] : all);
    }
    fputs(rd->pin ? (n ? " ]\n" : "[ ]\n") : "\n", rd->text);
    for (; rd->pin && n < READER_PINS; n++)
        if (rd->pin[n])
            fault(rd, root, "vCPU %llu is pinned, and there is none",
                  (unsigned long long)n);
}

static void read_domain(struct reader *rd, xmlNodePtr root)
{
    static const char *const needed[] = {"name", "memory", "os"};

    if (root->ns || strcmp((const char *)root->name, "domain")) {
        fault(rd, root, "a <domain> is wanted");
        return;
    }
    check_attributes(rd, root, " type id ");
    if (!attribute_is(rd, root, "type", "xen"))
        fault(rd, root, "its type has to be xen");
    read_children(rd, root, domain);
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!child_of(root, needed[i]))
            fault(rd, root, "<%s> is missing", needed[i]);
    put_memory(rd);
    put_cpus(rd, root);
    put_lists(rd);
}

/* ---- what is not in the document ---- */

/* A document type that asks for files; what it would say is not known. */
static void check_dtd(struct reader *rd, xmlDtdPtr dtd, xmlNodePtr root)
{
    if (dtd->ExternalID || dtd->SystemID)
        fault(rd, root, "its DTD is elsewhere, and is not fetched");
    for (xmlNodePtr n = dtd->children; n; n = n->next) {
        int type = n->type == XML_ENTITY_DECL ? ((xmlEntityPtr)n)->etype : 0;

        if (type == XML_EXTERNAL_GENERAL_PARSED_ENTITY ||
            type == XML_EXTERNAL_GENERAL_UNPARSED_ENTITY ||
            type == XML_EXTERNAL_PARAMETER_ENTITY)
            fault(rd, root, "the entity %.60s is elsewhere, and is not fetched",
                  (const char *)n->name);
    }
}

/* Among the children of an element or of its attribute. */
static void check_references(struct reader *rd, xmlNodePtr node,
                             xmlNodePtr children)
{
    for (xmlNodePtr n = children; n; n = n->next)
        if (n->type == XML_ENTITY_REF_NODE)
            fault(rd, node, "what the entity %.60s is is not known",
                  (const char *)n->name);
}

/* The parser lets elements nest 256 deep. */
static void check_entities(struct reader *rd, xmlNodePtr node)
{
    for (xmlAttrPtr a = node->properties; a; a = a->next)
        check_references(rd, node, a->children);
    check_references(rd, node, node->children);
    for (xmlNodePtr n = node->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE)
            check_entities(rd, n);
}

/* ---- the document ---- */

/* Whatever an entity asks for, no file and no host is opened. */
static xmlParserInputPtr fetch_nothing(const char *url, const char *id,
                                       xmlParserCtxtPtr ctxt)
{
    (void)url, (void)id, (void)ctxt;
    return NULL;
}

static void syntax_fault(struct libvirt_xl *out, xmlParserCtxtPtr ctxt)
{
    const xmlError *error = xmlCtxtGetLastError(ctxt);
    struct libvirt_fault *f = &out->fault[out->faults++];
    const char *what = error && error->message ? error->message : "";

    f->line = error && error->line > 0 ? (unsigned int)error->line : 0;
    snprintf(f->what, sizeof(f->what), "it is no XML: %.*s",
             (int)strcspn(what, "\n"), what);
}

/* `known`: so is each entity; in an attribute, another leaves no trace. */
static int read_document(xmlDocPtr doc, bool known, struct libvirt_xl *out)
{
    struct reader rd = {.out = out, .vcpus = 1};
    xmlNodePtr root = xmlDocGetRootElement(doc);
    bool failed;

    rd.text = open_memstream(&out->text, &rd.text_len);
    if (!rd.text)
        return -ENOMEM;
    if (doc->intSubset)
        check_dtd(&rd, doc->intSubset, root);
    if (!known)
        fault(&rd, root, "an entity in it is not known");
    check_entities(&rd, root);
    read_domain(&rd, root);
    failed = ferror(rd.text);
    if (fclose(rd.text))
        failed = true;
    free(rd.cpuset);
    for (size_t i = 0; rd.pin && i < READER_PINS; i++)
        free(rd.pin[i]);
    free(rd.pin);
    if (failed || rd.no_memory || !out->text)
        return -ENOMEM;
    return out->faults ? -EINVAL : 0;
}

/*
 * Then what was read may lack a part, and look whole.  The parser does not
 * always say so; but its error has no message then.
 */
static bool ran_out(xmlParserCtxtPtr ctxt, bool failed)
{
    const xmlError *parser = xmlCtxtGetLastError(ctxt);
    const xmlError *other = xmlGetLastError();

    return ctxt->errNo == XML_ERR_NO_MEMORY ||
           (parser && parser->code == XML_ERR_NO_MEMORY) ||
           (other && other->code == XML_ERR_NO_MEMORY) ||
           (failed && (!parser || !parser->message));
}

int libvirt_to_xl(const char *xml, size_t len, struct libvirt_xl *out)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                        XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;
    xmlParserCtxtPtr ctxt;
    xmlDocPtr doc;
    int rc = -EINVAL;

    *out = (struct libvirt_xl){0};
    xmlResetLastError();
    xmlSetExternalEntityLoader(fetch_nothing);
    ctxt = xmlNewParserCtxt();
    if (!ctxt)
        return -ENOMEM;
    doc = xmlCtxtReadMemory(ctxt, xml, (int)len, NULL, NULL, options);
    if (ran_out(ctxt, !doc && len))
        rc = -ENOMEM;
    else if (doc)
        rc = read_document(doc, ctxt->valid, out);
    else
        syntax_fault(out, ctxt);
    xmlFreeDoc(doc);
    xmlFreeParserCtxt(ctxt);
    return rc;
}
