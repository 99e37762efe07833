/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt/writer.h"

#include <errno.h>
#include <libxml/xmlsave.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- notes ---- */

static struct libvirt_note *begin_note(struct writer *w)
{
    struct libvirt_note *note;

    if (w->out->notes++ >= LIBVIRT_NOTES)
        return NULL;
    note = &w->out->note[w->out->notes - 1];
    note->key = w->now ? w->now->name : NULL;
    note->where = w->now ? w->now->where : NULL;
    return note;
}

void note_refused(struct writer *w, const char *fmt, ...)
{
    struct libvirt_note *note = begin_note(w);
    va_list al;

    w->out->refused++;
    if (!note)
        return;
    note->refused = true;
    va_start(al, fmt);
    vsnprintf(note->what, sizeof(note->what), fmt, al);
    va_end(al);
}

void note(struct writer *w, const char *fmt, ...)
{
    struct libvirt_note *note = begin_note(w);
    va_list al;

    if (!note)
        return;
    va_start(al, fmt);
    vsnprintf(note->what, sizeof(note->what), fmt, al);
    va_end(al);
}

/* ---- settings ---- */

/* Nothing, as xl's lists and strings say it. */
static bool is_nothing(const struct setting *s)
{
    return s->kind == SETTING_LIST && !s->n;
}

const struct setting *take(struct writer *w, const char *key)
{
    const struct setting *s = setting_find(w->all, key);

    if (!s)
        return NULL;
    w->taken[s - w->all->item] = true;
    w->now = s;
    return is_nothing(s) ? NULL : s;
}

/* The same where a text is wanted: xl would take none from a list. */
static const char *take_text(struct writer *w, const char *key)
{
    const struct setting *s = take(w, key);

    if (s && !s->text)
        note_refused(w, "a single value is wanted, not a list");
    return s ? s->text : NULL;
}

bool number_of(const char *text, unsigned long *value)
{
    char *end;

    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoul(text, &end, 0);
    return !errno && !*end;
}

bool is_on(const char *text)
{
    return text && strtol(text, NULL, 0) != 0;
}

/* ---- elements ---- */

/* XML has neither control characters nor what is not UTF-8. */
static bool is_good(struct writer *w, const char *text)
{
    const char *p = text;

    while (*p && ((unsigned char)*p >= ' ' || strchr("\t\n\r", *p)))
        p++;
    if (!*p && xmlCheckUTF8((const xmlChar *)text))
        return true;
    note_refused(w, "XML has no way to write a character in it");
    return false;
}

xmlNodePtr add_element(struct writer *w, xmlNodePtr in, const char *name,
                       const char *text)
{
    xmlNodePtr node;

    if (text && !is_good(w, text))
        text = NULL;
    node =
        xmlNewTextChild(in, NULL, (const xmlChar *)name, (const xmlChar *)text);
    if (!node)
        w->no_memory = true;
    return node;
}

void add_attribute(struct writer *w, xmlNodePtr to, const char *name,
                   const char *value)
{
    if (!value || !to || !is_good(w, value))
        return;
    if (!xmlNewProp(to, (const xmlChar *)name, (const xmlChar *)value))
        w->no_memory = true;
}

void add_formatted(struct writer *w, xmlNodePtr to, const char *name,
                   const char *fmt, ...)
{
    char *text;
    va_list al;

    va_start(al, fmt);
    if (vasprintf(&text, fmt, al) < 0)
        text = NULL;
    va_end(al);
    if (!text)
        w->no_memory = true;
    else
        add_attribute(w, to, name, text);
    free(text);
}

/* ---- <domain> ---- */

/* Only what it says itself can be told of a guest that is none of PV. */
static bool is_pv(struct writer *w)
{
    const char *type = take_text(w, "type");

    if (type && strcmp(type, "pv") != 0) {
        note_refused(w, "domwright writes XML of PV guests");
        return false;
    }
    if (take(w, "builder")) {
        note_refused(w, "domwright writes XML of PV guests");
        return false;
    }
    return true;
}

static void write_identity(struct writer *w)
{
    const char *name = take_text(w, "name"), *uuid;

    add_element(w, w->domain, "name", name ? name : "");
    uuid = take_text(w, "uuid");
    if (uuid)
        add_element(w, w->domain, "uuid", uuid);
}

static void write_kib(struct writer *w, const char *name, unsigned long mib)
{
    char text[32];
    xmlNodePtr node;

    snprintf(text, sizeof(text), "%llu", (unsigned long long)mib << 10);
    node = add_element(w, w->domain, name, text);
    add_attribute(w, node, "unit", "KiB");
}

/* What the virtual nodes have together. */
static unsigned long nodes_mib(const struct setting *all)
{
    const struct setting *vnuma = setting_find(all, "vnuma");
    unsigned long mib = 0, n;

    for (unsigned int i = 0; vnuma && i < vnuma->n; i++)
        if (number_of(setting_text(&vnuma->item[i], "size"), &n))
            mib += n;
    return mib;
}

static void write_memory(struct writer *w)
{
    const struct setting *max = take(w, "maxmem"), *now = take(w, "memory");
    unsigned long most = 0, memory = 0;

    if (max && !number_of(max->text, &most))
        most = 0;
    if (now && !number_of(now->text, &memory))
        memory = 0;
    if (!most && max && max->implied)
        most = nodes_mib(w->all);
    if (!memory && now && now->implied)
        memory = most;
    write_kib(w, "memory", most);
    write_kib(w, "currentMemory", memory);
}

/* "-q --x" of a list; of a string, as xl takes it apart. */
static void write_arguments(struct writer *w)
{
    const struct setting *s = take(w, "bootloader_args");
    xmlChar *all = xmlStrdup((const xmlChar *)"");

    for (unsigned int i = 0; s && i < s->n; i++) {
        const char *word = s->item[i].text;

        if (!word || !*word || strpbrk(word, " \t\r\n")) {
            note_refused(
                w,
                "libvirt's are words with blanks between, and \"%.60s\" "
                "is none",
                word ? word : "[...]");
            continue;
        }
        if (i)
            all = xmlStrcat(all, (const xmlChar *)" ");
        all = xmlStrcat(all, (const xmlChar *)word);
    }
    if (s && s->text)
        all = xmlStrcat(all, (const xmlChar *)s->text);
    if (!all)
        w->no_memory = true;
    else if (s)
        add_element(w, w->domain, "bootloader_args", (const char *)all);
    xmlFree(all);
}

static void write_os(struct writer *w, unsigned int width)
{
    static const char *const keys[][2] = {
        {"kernel", "kernel"}, {"ramdisk", "initrd"}, {"cmdline", "cmdline"}};
    const char *bootloader = take_text(w, "bootloader");
    xmlNodePtr os, type;

    if (bootloader)
        add_element(w, w->domain, "bootloader", bootloader);
    write_arguments(w);
    os = add_element(w, w->domain, "os", NULL);
    type = add_element(w, os, "type", "linux");
    add_attribute(w, type, "arch", width == 32 ? "i686" : "x86_64");
    add_attribute(w, type, "machine", "xenpv");
    for (int i = 0; i < 3; i++) {
        const char *text = take_text(w, keys[i][0]);

        if (text)
            add_element(w, os, keys[i][1], text);
    }
    w->now = setting_find(w->all, "type");
    if (!width)
        note(w, "the kernel cannot be read here; arch is x86_64, as libvirt "
                "writes it");
}

static void write_features(struct writer *w)
{
    const struct setting *pci = setting_find(w->all, "pci");
    const char *e820 = take_text(w, "e820_host");
    const char *through = take_text(w, "passthrough");
    bool implied = pci && pci->n && !is_on(e820);
    xmlNodePtr xen, node;

    if (through &&
        (!strcasecmp(through, "default") || !strcasecmp(through, "disabled")))
        through = NULL;
    if (!is_on(e820) && !through && !implied)
        return;
    if (implied) {
        w->now = pci;
        note(w, "xl has e820_host with it; libvirt would not");
    }
    xen = add_element(w, add_element(w, w->domain, "features", NULL), "xen",
                      NULL);
    if (is_on(e820) || implied) {
        node = add_element(w, xen, "e820_host", NULL);
        add_attribute(w, node, "state", "on");
    }
    if (!through)
        return;
    node = add_element(w, xen, "passthrough", NULL);
    add_attribute(w, node, "state", "on");
    if (!strcasecmp(through, "sync_pt"))
        add_attribute(w, node, "mode", "sync_pt");
    else if (!strcasecmp(through, "share_pt"))
        add_attribute(w, node, "mode", "share_pt");
}

static void write_clock(struct writer *w)
{
    static const char *const modes[][2] = {{"default", "auto"},
                                           {"native", "native"},
                                           {"always_emulate", "emulate"},
                                           {"native_paravirt", "paravirt"}};
    const char *offset = take_text(w, "rtc_timeoffset");
    const char *localtime = take_text(w, "localtime"), *mode;
    xmlNodePtr clock = add_element(w, w->domain, "clock", NULL), timer;

    add_attribute(w, clock, "offset", is_on(localtime) ? "localtime" : "utc");
    add_attribute(w, clock, "adjustment", "reset");
    mode = take_text(w, "tsc_mode");
    for (int i = 0; mode && i < 4; i++)
        if (!strcasecmp(mode, modes[i][0])) {
            timer = add_element(w, clock, "timer", NULL);
            add_attribute(w, timer, "name", "tsc");
            add_attribute(w, timer, "present", "yes");
            add_attribute(w, timer, "mode", modes[i][1]);
        }
    if (is_on(offset)) {
        w->now = setting_find(w->all, "rtc_timeoffset");
        note_refused(w, "libvirt has no way to say that of a PV guest");
    }
}

static void write_actions(struct writer *w)
{
    static const char *const keys[] = {"on_poweroff", "on_reboot", "on_crash"};

    for (int i = 0; i < 3; i++) {
        const char *action = take_text(w, keys[i]);

        if (!action)
            continue;
        if (!strcmp(action, "soft-reset") ||
            (strncmp(action, "coredump", 8) == 0 && i < 2))
            note_refused(w, "libvirt has no %s there", action);
        add_element(w, w->domain, keys[i], action);
    }
    if (w->now && w->now->implied)
        note(w,
             "it is missing; xl destroys the guest, libvirt would restart it");
}

/* "-a", "-b" */
static void write_commandline(struct writer *w)
{
    const struct setting *s = take(w, "device_model_args");
    xmlNodePtr line, arg;
    xmlNsPtr ns;

    if (!s || !s->n)
        return;
    ns = xmlNewNs(w->domain,
                  (const xmlChar *)"http://libvirt.org/schemas/domain/xen/1.0",
                  (const xmlChar *)"xen");
    line = xmlNewTextChild(w->domain, ns, (const xmlChar *)"commandline", NULL);
    for (unsigned int i = 0; line && i < s->n; i++) {
        arg = xmlNewTextChild(line, ns, (const xmlChar *)"arg", NULL);
        add_attribute(w, arg, "value", s->item[i].text);
    }
    if (!ns || !line)
        w->no_memory = true;
}

/* ---- what is left ---- */

/* It says how the host is to treat the guest, which stays the same. */
static const char *const host_only[] = {"cap",
                                        "cpus_soft",
                                        "extratime",
                                        "latency",
                                        "period",
                                        "pool",
                                        "slice",
                                        "videoram",
                                        "vncviewer",
                                        "device_model",
                                        "device_model_version"};

/* Values that ask for nothing. */
static bool is_default(const struct setting *s)
{
    static const char *const defaults[][2] = {
        {"on_watchdog", "destroy"}, {"on_soft_reset", "soft-reset"},
        {"pool", "Pool-0"},         {"cpus_soft", "all"},
        {"seclabel", ""},           {"driver_domain", "0"},
    };

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (!strcmp(s->name, defaults[i][0]) && s->text &&
            !strcmp(s->text, defaults[i][1]))
            return true;
    return is_nothing(s) || (s->text && (!*s->text || !strcmp(s->text, "0")));
}

static void write_rest(struct writer *w)
{
    for (unsigned int i = 0; i < w->all->n; i++) {
        bool host = false;

        w->now = &w->all->item[i];
        if (w->taken[i] || is_default(w->now))
            continue;
        for (size_t j = 0; j < sizeof(host_only) / sizeof(host_only[0]); j++)
            host |= !strcmp(w->now->name, host_only[j]);
        if (w->now->idle)
            note(w, "left out; it has no effect on a PV guest");
        else if (host)
            note(w, "left out; libvirt has no way to say it");
        else
            note_refused(w, "libvirt has no way to say it");
    }
}

/* ---- the document ---- */

static void write_domain(struct writer *w, unsigned int width)
{
    add_attribute(w, w->domain, "type", "xen");
    if (!is_pv(w))
        return;
    write_identity(w);
    write_memory(w);
    write_vcpus(w);
    write_os(w, width);
    write_features(w);
    write_cpu(w);
    write_clock(w);
    write_actions(w);
    write_devices(w);
    write_commandline(w);
    write_rest(w);
}

static void save(struct writer *w)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlSaveCtxtPtr ctxt = NULL;

    if (buffer)
        ctxt = xmlSaveToBuffer(buffer, "UTF-8",
                               XML_SAVE_FORMAT | XML_SAVE_NO_DECL);
    if (!ctxt || xmlSaveDoc(ctxt, w->doc) < 0)
        w->no_memory = true;
    if (ctxt && xmlSaveClose(ctxt) < 0)
        w->no_memory = true;
    if (!w->no_memory)
        w->out->text = strdup((const char *)xmlBufferContent(buffer));
    if (!w->out->text)
        w->no_memory = true;
    if (buffer)
        xmlBufferFree(buffer);
}

int libvirt_from_xl(const struct setting *all, unsigned int width,
                    struct libvirt_xml *out)
{
    struct writer w = {.all = all, .out = out};

    *out = (struct libvirt_xml){0};
    w.taken = calloc(all->n + 1, sizeof(*w.taken));
    w.doc = xmlNewDoc((const xmlChar *)"1.0");
    if (w.doc)
        w.domain = xmlNewDocNode(w.doc, NULL, (const xmlChar *)"domain", NULL);
    if (!w.taken || !w.domain) {
        w.no_memory = true;
    } else {
        xmlDocSetRootElement(w.doc, w.domain);
        write_domain(&w, width);
        if (!w.no_memory && !out->refused)
            save(&w);
    }
    xmlFreeDoc(w.doc);
    free(w.taken);
    if (w.no_memory)
        return -ENOMEM;
    return out->refused ? -EINVAL : 0;
}
