/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "libvirt/reader.h"
#include "libvirt/write_devices.h"

static bool is_second(const struct setting *list, const struct setting *disk,
                      const char *vdev)
{
    for (const struct setting *d = list->item; d < disk; d++) {
        const char *other = setting_text(d, "vdev");

        if (other && !strcmp(other, vdev))
            return true;
    }
    return false;
}

static void write_driver(struct writer *w, xmlNodePtr node,
                         const struct setting *disk)
{
    static const char *const drivers[][2] = {
        {"qdisk", "qemu"}, {"phy", "phy"}, {"tap", "tap"}};
    const struct setting *backend = setting_find(disk, "backendtype");
    const char *name = backend ? NULL : "qemu";
    xmlNodePtr driver = add_element(w, node, "driver", NULL);

    for (int i = 0; backend && i < 3; i++)
        if (!strcmp(drivers[i][0], backend->text))
            name = drivers[i][1];
    if (!name)
        note_refused(w, "libvirt has no backendtype=%.60s", backend->text);
    add_attribute(w, driver, "name", name);
    add_attribute(w, driver, "type", setting_text(disk, "format"));
    if (setting_find(disk, "discard"))
        add_attribute(w, driver, "discard", "unmap");
    if (setting_find(disk, "no-discard"))
        add_attribute(w, driver, "discard", "ignore");
    if (setting_find(disk, "discard") || setting_find(disk, "no-discard"))
        note(w, "libvirt drops a disk's discard");
    if (backend && backend->implied)
        note(w,
             "xl gives %.100s to the kernel's driver, as a block device; "
             "libvirt would to qemu's",
             setting_text(disk, "target"));
}

static void write_source(struct writer *w, xmlNodePtr node,
                         const struct setting *disk, bool block)
{
    const char *path = setting_text(disk, "target");
    xmlNodePtr source;

    if (!path || !*path)
        return;
    source = add_element(w, node, "source", NULL);
    add_attribute(w, source, block ? "dev" : "file", path);
}

static void write_target(struct writer *w, xmlNodePtr node,
                         const struct setting *list, const struct setting *disk)
{
    const char *vdev = setting_text(disk, "vdev");
    xmlNodePtr target = add_element(w, node, "target", NULL);

    if (!is_disk_name(vdev))
        note_refused(w, "libvirt has no disk \"%.60s\"", vdev);
    else if (is_second(list, disk, vdev))
        note_refused(w, "libvirt has no two disks %s", vdev);
    add_attribute(w, target, "dev", vdev);
    add_attribute(w, target, "bus", "xen");
}

/* What changes the disk is refused, and what changes its speed alone is not. */
static const char *const unsaid[] = {
    "script",    "specification", "untrusted",   "colo",       "colo-host",
    "colo-port", "colo-export",   "active-disk", "hidden-disk"};

void write_disk(struct writer *w, const struct setting *list,
                const struct setting *disk)
{
    const char *backend = setting_text(disk, "backendtype");
    bool block = backend && !strcmp(backend, "phy");
    bool cdrom = setting_find(disk, "devtype") != NULL;
    xmlNodePtr node = add_element(w, w->devices, "disk", NULL);

    add_attribute(w, node, "type", block ? "block" : "file");
    add_attribute(w, node, "device", cdrom ? "cdrom" : "disk");
    refuse_parts(w, disk, unsaid, sizeof(unsaid) / sizeof(unsaid[0]));
    if (setting_find(disk, "direct-io-safe"))
        note(w, "direct-io-safe is left out; libvirt has no way to say it");
    write_driver(w, node, disk);
    write_source(w, node, disk, block);
    write_backend(w, node, disk);
    write_target(w, node, list, disk);
    if (!strcmp(setting_text(disk, "access"), "ro"))
        add_element(w, node, "readonly", NULL);
}
