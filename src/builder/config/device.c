/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/device.h"

#include <errno.h>
#include <libxlutil.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/keys.h"

struct parser {
    struct setting *parts;
    char *what;
};

static void __attribute__((format(printf, 2, 3)))
tell(char *what, const char *fmt, ...)
{
    va_list al;

    if (*what)
        return;
    va_start(al, fmt);
    vsnprintf(what, DEVICE_WHAT, fmt, al);
    va_end(al);
}

static int put(struct parser *ps, const char *name, const char *value)
{
    return setting_put(ps->parts, name, value) ? 0 : -ENOMEM;
}

static int put_flag(struct parser *ps, const char *name)
{
    if (setting_find(ps->parts, name))
        return 0;
    return setting_add(ps->parts, SETTING_FLAG, name, NULL) ? 0 : -ENOMEM;
}

/* ---- disk, by libxlutil's own parser ---- */

static const char *const formats[] = {
    [LIBXL_DISK_FORMAT_QCOW] = "qcow", [LIBXL_DISK_FORMAT_QCOW2] = "qcow2",
    [LIBXL_DISK_FORMAT_VHD] = "vhd",   [LIBXL_DISK_FORMAT_RAW] = "raw",
    [LIBXL_DISK_FORMAT_QED] = "qed",
};

static const char *const backends[] = {
    [LIBXL_DISK_BACKEND_PHY] = "phy",
    [LIBXL_DISK_BACKEND_TAP] = "tap",
    [LIBXL_DISK_BACKEND_QDISK] = "qdisk",
    [LIBXL_DISK_BACKEND_STANDALONE] = "standalone",
};

/*
 * Who serves a disk of which nobody said so libxl finds out when the guest
 * starts: a block device is the kernel's.  A path that is not here yet is taken
 * for one where it is named as one.
 */
static bool is_block_device(const libxl_device_disk *disk, const char *text)
{
    struct stat st;

    if (disk->format != LIBXL_DISK_FORMAT_RAW || disk->script ||
        !disk->pdev_path || !*disk->pdev_path)
        return false;
    if (disk->backend_domname && strcmp(disk->backend_domname, "0") != 0)
        return true; /* of a driver domain, libxl does not look */
    if (!stat(disk->pdev_path, &st))
        return S_ISBLK(st.st_mode);
    return !strncmp(text + strspn(text, " \t\n"), "phy:", 4) ||
           !strncmp(disk->pdev_path, "/dev/", 5);
}

static int put_backend(struct parser *ps, const libxl_device_disk *disk,
                       const char *text)
{
    struct setting *s;

    if (disk->backend != LIBXL_DISK_BACKEND_UNKNOWN)
        return put(ps, "backendtype", backends[disk->backend]);
    if (!is_block_device(disk, text))
        return 0;
    s = setting_add(ps->parts, SETTING_TEXT, "backendtype", "phy");
    if (s)
        s->implied = true;
    return s ? 0 : -ENOMEM;
}

static int put_known(struct parser *ps, const char *name, const char *value)
{
    return value ? put(ps, name, value) : 0;
}

static int put_flags(struct parser *ps, const libxl_device_disk *disk)
{
    const struct {
        const char *on, *off;
        int state;
    } flags[] = {
        {"direct-io-safe", "", disk->direct_io_safe},
        {"discard", "no-discard", disk->discard_enable.val},
        {"trusted", "untrusted", disk->trusted.val},
        {"colo", "no-colo", disk->colo_enable.val},
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(flags) / sizeof(flags[0]); i++)
        if (flags[i].state)
            rc = put_flag(ps, flags[i].state > 0 ? flags[i].on : flags[i].off);
    return rc;
}

static int put_port(struct parser *ps, const libxl_device_disk *disk)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", disk->colo_port);
    return disk->colo_port ? put(ps, "colo-port", text) : 0;
}

static int put_disk(struct parser *ps, const libxl_device_disk *disk,
                    const char *text)
{
    bool empty = disk->format == LIBXL_DISK_FORMAT_EMPTY;
    int rc = put(ps, "format", empty ? "raw" : formats[disk->format]);

    if (!rc)
        rc = put_known(ps, "vdev", disk->vdev);
    if (!rc)
        rc = put(ps, "access", disk->readwrite ? "rw" : "ro");
    if (!rc)
        rc = put_backend(ps, disk, text);
    if (!rc)
        rc = put_known(ps, "backend", disk->backend_domname);
    if (!rc && disk->is_cdrom)
        rc = put(ps, "devtype", "cdrom");
    if (!rc)
        rc = put_known(ps, "script", disk->script);
    if (!rc && disk->specification == LIBXL_DISK_SPECIFICATION_VIRTIO)
        rc = put(ps, "specification", "virtio");
    if (!rc)
        rc = put_flags(ps, disk);
    if (!rc)
        rc = put_known(ps, "colo-host", disk->colo_host);
    if (!rc)
        rc = put_port(ps, disk);
    if (!rc)
        rc = put_known(ps, "colo-export", disk->colo_export);
    if (!rc)
        rc = put_known(ps, "active-disk", disk->active_disk);
    if (!rc)
        rc = put_known(ps, "hidden-disk", disk->hidden_disk);
    if (!rc && !empty)
        rc = put_known(ps, "target", disk->pdev_path);
    return rc;
}

/* As libxl_device_disk_dispose(), of libxenlight, which is not linked. */
static void free_disk(libxl_device_disk *disk)
{
    free(disk->backend_domname);
    free(disk->pdev_path);
    free(disk->vdev);
    free(disk->script);
    free(disk->colo_host);
    free(disk->colo_export);
    free(disk->active_disk);
    free(disk->hidden_disk);
}

/* ": config parsing error in disk specification: WHY in `TEXT'" */
static void tell_why(char *what, const char *report)
{
    static const char before[] = "disk specification: ";
    const char *why = strstr(report, before);
    const char *end = why ? strstr(why, " in `") : NULL;

    if (end)
        tell(what, "%.*s", (int)(end - why - (long)sizeof(before) + 1),
             why + sizeof(before) - 1);
    else
        tell(what, "it is no disk of xl's");
}

static int parse_disk(struct parser *ps, const char *text)
{
    libxl_device_disk disk = {0};
    char *report = NULL;
    size_t len;
    FILE *to = open_memstream(&report, &len);
    XLU_Config *xlu = to ? xlu_cfg_init(to, "") : NULL;
    int rc = xlu ? -xlu_disk_parse(xlu, 1, &text, &disk) : -ENOMEM;

    if (to && fclose(to))
        rc = -ENOMEM;
    if (rc && rc != -ENOMEM) {
        tell_why(ps->what, report ? report : "");
        rc = -EINVAL;
    }
    if (!rc)
        rc = put_disk(ps, &disk, text);
    xlu_cfg_destroy(xlu);
    free_disk(&disk);
    free(report);
    return rc;
}

/* ---- the others: words with commas between ---- */

struct kind {
    const char *key;
    const char *names; /* of parts, with "|" between */
    const char *flags; /* parts that have no value */
    bool strict;       /* xl stops at what it does not know */
    bool trims;        /* blanks behind a name and around a value, too */
    bool whole;        /* it is one part, commas and all */
};

static const struct kind kinds[] = {
    {"vif",
     "type|mac|bridge|gatewaydev|netdev|ip|script|backend|vifname|model|rate|"
     "accel|devid|mtu|forwarddev",
     "trusted|untrusted", false, false, false},
    {"vfb",
     "vnc|vnclisten|vncpasswd|vncdisplay|vncunused|keymap|sdl|opengl|display|"
     "xauthority|type",
     "", false, false, false},
    {"channel", "backend|name|path|connection", "", false, true, false},
    {"usbctrl", "type|version|ports", "", true, false, false},
    {"usbdev", "type|hostbus|hostaddr|controller|port", "", true, false, false},
    {"pci",
     "bdf|vslot|permissive|msitranslate|seize|power_mgmt|rdm_policy|name", "",
     true, false, false},
    {"vnuma", "pnode|size|vcpus|vdistances", "", false, true, true},
};

static const struct kind *find_kind(const char *key)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(kinds[i].key, key))
            return &kinds[i];
    return NULL;
}

bool device_is_known(const char *key)
{
    return !strcmp(key, "disk") || find_kind(key) != NULL;
}

/* As xl, which takes anything between two numbers. */
static int put_mac(struct parser *ps, const char *text)
{
    unsigned long byte[6];
    char mac[18], *end;
    bool odd = false;

    for (int i = 0; i < 6; i++) {
        byte[i] = strtoul(text, &end, 16);
        odd |= *end && *end != ':';
        if (end == text || byte[i] > 0xff || (*end ? i == 5 : i < 5)) {
            tell(ps->what, "it is no MAC address: %.60s", text);
            return -EINVAL;
        }
        text = end + 1;
    }
    ps->parts->odd |= odd;
    snprintf(mac, sizeof(mac), "%02lx:%02lx:%02lx:%02lx:%02lx:%02lx", byte[0],
             byte[1], byte[2], byte[3], byte[4], byte[5]);
    /* libxl takes zeros for none. */
    return strcmp(mac, "00:00:00:00:00:00") ? put(ps, "mac", mac) : 0;
}

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\n\v\f\r");
    len = strlen(text);
    while (len && strchr(" \t\n\v\f\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

static int unknown(struct parser *ps, const struct kind *kind, const char *word)
{
    tell(ps->what, "xl does not know \"%.60s\"%s", word,
         kind->strict ? "" : ", and leaves it out");
    return kind->strict ? -EINVAL : 0;
}

static bool is_in(const char *words, const char *word)
{
    return config_key_has(words, word, strncmp);
}

static int put_value(struct parser *ps, const struct kind *kind, char *name,
                     char *value)
{
    if (kind->trims) {
        name = trim(name);
        value = trim(value);
    }
    if (!strncmp(name, "colo_", 5) && !strcmp(kind->key, "vif"))
        return put(ps, name, value);
    if (!*name || strchr(name, '|') || !is_in(kind->names, name))
        return unknown(ps, kind, name);
    if (!strcmp(name, "mac"))
        return put_mac(ps, value);
    if (!strcmp(name, "netdev"))
        name = "gatewaydev";
    if (!strcmp(kind->key, "vif") && !strcmp(name, "type")) {
        if (strcmp(value, "vif") != 0 && strcmp(value, "ioemu") != 0)
            return unknown(ps, kind, value);
    }
    if (!strcmp(name, "accel"))
        return 0; /* xl has no use for it */
    return put(ps, name, value);
}

static int put_word(struct parser *ps, const struct kind *kind, char *word)
{
    char *value = strchr(word, '=');
    bool flag = *word && !strchr(word, '|') && is_in(kind->flags, word);

    if (flag)
        return put_flag(ps, word);
    if (!value && kind->trims) {
        tell(ps->what, "\"%.60s\" is no part of a %s", word, kind->key);
        return -EINVAL;
    }
    if (!value)
        return unknown(ps, kind, word);
    *value++ = '\0';
    return put_value(ps, kind, word, value);
}

/* Of a PCI device the address may stand at the beginning, without a name. */
static int put_address(struct parser *ps, char *word)
{
    char *slot = strchr(word, '@');
    int rc;

    if (slot)
        *slot++ = '\0';
    rc = put(ps, "bdf", word);
    return !rc && slot ? put(ps, "vslot", slot) : rc;
}

static int parse_words(struct parser *ps, const struct kind *kind,
                       const char *text)
{
    char *copy = strdup(text), *rest = copy, *word;
    int rc = copy ? 0 : -ENOMEM;
    bool first = true;

    while (!rc && rest && (word = strsep(&rest, ","))) {
        word += strspn(word, " ");
        if (!strcmp(kind->key, "pci") && first && !strchr(word, '='))
            rc = put_address(ps, word);
        else if (*word)
            rc = put_word(ps, kind, word);
        else
            ps->parts->odd |= *text != '\0';
        first = false;
    }
    free(copy);
    return rc;
}

static int parse_whole(struct parser *ps, const struct kind *kind,
                       const char *text)
{
    char *copy = strdup(text);
    int rc = copy ? put_word(ps, kind, copy) : -ENOMEM;

    free(copy);
    return rc;
}

int device_parse(const char *key, const char *text, struct setting *parts,
                 char *what)
{
    struct parser ps = {parts, what};
    const struct kind *kind = find_kind(key);

    *what = '\0';
    if (!kind)
        return parse_disk(&ps, text);
    return kind->whole ? parse_whole(&ps, kind, text)
                       : parse_words(&ps, kind, text);
}
