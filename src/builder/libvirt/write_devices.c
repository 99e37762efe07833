/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt/write_devices.h"

#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void refuse_parts(struct writer *w, const struct setting *device,
                  const char *const *names, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        if (setting_find(device, names[i]))
            note_refused(w, "libvirt has no way to say %s", names[i]);
}

/* What comes back from XML: no comma, which xl has none of, nor outer blanks.
 */
void check_parts(struct writer *w, const struct setting *device)
{
    for (unsigned int i = 0; i < device->n; i++) {
        const char *text = device->item[i].text;
        size_t len = text ? strlen(text) : 1;
        bool path = !strcmp(device->item[i].name, "target") ||
                    !strcmp(device->item[i].name, "vdev");

        if (text && ((!len && !path) || (len && strchr(" ,", text[len - 1])) ||
                     (*text == ' ' && !path) || text[strcspn(text, "\n\t\r")]))
            note_refused(w, "libvirt has no way to say %.60s=\"%.60s\"",
                         device->item[i].name, text);
    }
}

void write_backend(struct writer *w, xmlNodePtr node,
                   const struct setting *device)
{
    const char *backend = setting_text(device, "backend");

    if (backend && strcmp(backend, "0") != 0 && strcmp(backend, "Domain-0")) {
        add_attribute(w, add_element(w, node, "backenddomain", NULL), "name",
                      backend);
        note(w, "libvirt drops a device's backend");
    }
}

/* ---- controllers ---- */

static void write_xenbus(struct writer *w)
{
    static const char *const limits[][2] = {
        {"max_grant_frames", "maxGrantFrames"},
        {"max_event_channels", "maxEventChannels"}};
    xmlNodePtr node = add_element(w, w->devices, "controller", NULL);
    unsigned long n;

    add_attribute(w, node, "type", "xenbus");
    add_attribute(w, node, "index", "0");
    for (int i = 0; i < 2; i++) {
        const struct setting *s = take(w, limits[i][0]);

        if (!s || (s->text && !strcmp(s->text, "0")))
            continue;
        if (number_of(s->text, &n) && n <= INT32_MAX)
            add_formatted(w, node, limits[i][1], "%lu", n);
        else
            note_refused(w, "a number from 0 to %d is wanted", INT32_MAX);
    }
}

/* libvirt has qemu's own alone. */
static void write_usbctrl(struct writer *w, const struct setting *usb,
                          unsigned int index)
{
    const char *type = setting_text(usb, "type");
    const char *version = setting_text(usb, "version");
    const char *ports = setting_text(usb, "ports");
    unsigned long v = 2, p = 8; /* libxl's defaults */
    xmlNodePtr node = add_element(w, w->devices, "controller", NULL);

    if (!type || strcmp(type, "qusb") != 0)
        note_refused(w, "libvirt has USB controllers of type=qusb alone");
    if ((version && (!number_of(version, &v) || v < 1 || v > 2)) ||
        (ports && (!number_of(ports, &p) || p > 255)))
        note_refused(w, "version is 1 or 2, and ports are a number");
    add_attribute(w, node, "type", "usb");
    add_formatted(w, node, "index", "%u", index);
    add_attribute(w, node, "model", v == 1 ? "qusb1" : "qusb2");
    add_formatted(w, node, "ports", "%lu", p);
}

/* ---- <hostdev> ---- */

static xmlNodePtr add_hostdev(struct writer *w, const char *type, bool managed,
                              xmlNodePtr *source)
{
    xmlNodePtr node = add_element(w, w->devices, "hostdev", NULL);

    add_attribute(w, node, "mode", "subsystem");
    add_attribute(w, node, "type", type);
    add_attribute(w, node, "managed", managed ? "yes" : "no");
    *source = add_element(w, node, "source", NULL);
    return add_element(w, *source, "address", NULL);
}

static void write_usbdev(struct writer *w, const struct setting *usb)
{
    static const char *const unsaid[] = {"controller", "port"};
    const char *type = setting_text(usb, "type");
    unsigned long bus, device;
    xmlNodePtr source, at = add_hostdev(w, "usb", false, &source);

    refuse_parts(w, usb, unsaid, 2);
    if ((type && strcmp(type, "hostdev") != 0) ||
        !number_of(setting_text(usb, "hostbus"), &bus) ||
        !number_of(setting_text(usb, "hostaddr"), &device) || bus > 255 ||
        device > 255) {
        note_refused(w, "a USB device has hostbus and hostaddr");
        return;
    }
    add_formatted(w, at, "bus", "%lu", bus);
    add_formatted(w, at, "device", "%lu", device);
}

/* A word of the device's own, or else a key for all of them. */
static bool is_pci_on(struct writer *w, const struct setting *pci,
                      const char *part, const char *key)
{
    const char *own = setting_text(pci, part);

    return is_on(own ? own : setting_text(w->all, key));
}

static void refuse_pci_words(struct writer *w, const struct setting *pci)
{
    static const char *const unsaid[] = {"vslot", "name"};

    refuse_parts(w, pci, unsaid, 2);
    if (is_pci_on(w, pci, "msitranslate", "pci_msitranslate"))
        note_refused(w, "libvirt has no way to say msitranslate");
    if (is_pci_on(w, pci, "power_mgmt", "pci_power_mgmt"))
        note_refused(w, "libvirt has no way to say power_mgmt");
    if (setting_find(pci, "rdm_policy"))
        note(w, "rdm_policy is left out; it has no effect on a PV guest");
}

static void write_pci(struct writer *w, const struct setting *pci)
{
    const char *bdf = setting_text(pci, "bdf");
    unsigned int domain = 0, bus, slot, function;
    xmlNodePtr source, at;
    int n = 0;

    refuse_pci_words(w, pci);
    if (!bdf ||
        (sscanf(bdf, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function,
                &n) != 4 &&
         (domain = 0,
          sscanf(bdf, "%2x:%2x.%1x%n", &bus, &slot, &function, &n)) != 3) ||
        bdf[n] || slot > 0x1f || function > 7) {
        note_refused(w,
                     "libvirt's PCI devices are like 0000:01:02.3, not %.60s",
                     bdf ? bdf : "by name");
        return;
    }
    at =
        add_hostdev(w, "pci", is_pci_on(w, pci, "seize", "pci_seize"), &source);
    if (is_pci_on(w, pci, "permissive", "pci_permissive"))
        add_attribute(w, source, "writeFiltering", "no");
    add_formatted(w, at, "domain", "0x%04x", domain);
    add_formatted(w, at, "bus", "0x%02x", bus);
    add_formatted(w, at, "slot", "0x%02x", slot);
    add_formatted(w, at, "function", "0x%x", function);
}

/* ---- consoles and channels ---- */

static void write_console(struct writer *w)
{
    xmlNodePtr node = add_element(w, w->devices, "console", NULL);
    xmlNodePtr target = add_element(w, node, "target", NULL);

    add_attribute(w, node, "type", "pty");
    add_attribute(w, target, "type", "xen");
    add_attribute(w, target, "port", "0");
}

static void write_channel(struct writer *w, const struct setting *channel)
{
    static const char *const unsaid[] = {"backend"};
    const char *connection = setting_text(channel, "connection");
    const char *name = setting_text(channel, "name");
    const char *path = setting_text(channel, "path");
    xmlNodePtr node = add_element(w, w->devices, "channel", NULL), part;
    bool pty = connection && !strcmp(connection, "pty");

    refuse_parts(w, channel, unsaid, 1);
    if (!pty && (!connection || strcmp(connection, "socket") || !path)) {
        note_refused(
            w, "a channel's connection is a pty, or a socket with a path");
        return;
    }
    add_attribute(w, node, "type", pty ? "pty" : "unix");
    if (!pty) {
        part = add_element(w, node, "source", NULL);
        add_attribute(w, part, "mode", "bind");
        add_attribute(w, part, "path", path);
    }
    part = add_element(w, node, "target", NULL);
    add_attribute(w, part, "type", "xen");
    if (!name)
        note_refused(w, "a channel has a name");
    add_attribute(w, part, "name", name);
}

static void write_inputs(struct writer *w)
{
    static const char *const types[] = {"mouse", "keyboard"};

    for (int i = 0; i < 2; i++) {
        xmlNodePtr node = add_element(w, w->devices, "input", NULL);

        add_attribute(w, node, "type", types[i]);
        add_attribute(w, node, "bus", "xen");
    }
}

/* ---- all of them ---- */

/* The devices of one key, by one of the functions; an item may be no device. */
static void write_list(struct writer *w, const char *key)
{
    const struct setting *list = take(w, key);

    for (unsigned int i = 0; list && i < list->n; i++) {
        const struct setting *device = &list->item[i];

        if (device->kind == SETTING_PARTS)
            check_parts(w, device);
        if (device->odd)
            note(w, "libvirt would not read the spelling of device %u", i);
        if (device->kind != SETTING_PARTS)
            note_refused(w, "an item is no device's description");
        else if (!strcmp(key, "disk"))
            write_disk(w, list, device);
        else if (!strcmp(key, "vif"))
            write_vif(w, device);
        else if (!strcmp(key, "channel"))
            write_channel(w, device);
        else if (!strcmp(key, "usbctrl"))
            write_usbctrl(w, device, i);
        else if (!strcmp(key, "usbdev"))
            write_usbdev(w, device);
        else
            write_pci(w, device);
    }
}

/* They are said with each device, which there may be none of. */
static void take_pci_words(struct writer *w)
{
    static const char *const keys[] = {"pci_msitranslate", "pci_permissive",
                                       "pci_power_mgmt", "pci_seize"};

    for (int i = 0; i < 4; i++)
        (void)take(w, keys[i]);
}

/* In libvirt's order. */
void write_devices(struct writer *w)
{
    const struct setting *emulator = take(w, "device_model_override");
    xmlNodePtr balloon;

    w->devices = add_element(w, w->domain, "devices", NULL);
    if (emulator && emulator->text)
        add_element(w, w->devices, "emulator", emulator->text);
    write_list(w, "disk");
    write_xenbus(w);
    write_list(w, "usbctrl");
    write_list(w, "vif");
    write_console(w);
    write_list(w, "channel");
    write_inputs(w);
    write_graphics(w);
    write_list(w, "usbdev");
    write_list(w, "pci");
    take_pci_words(w);
    balloon = add_element(w, w->devices, "memballoon", NULL);
    add_attribute(w, balloon, "model", "xen");
}
