/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt/reader.h"

#include <stdlib.h>
#include <string.h>

/* A part of a device's description, as xl has it: "KEY=VALUE,". */
static void part(struct reader *rd, xmlNodePtr node, struct buffer *d,
                 const char *key, const char *value)
{
    if (!value || !is_plain(rd, node, key, value))
        return;
    fprintf(d->to, "%s%s=%s", ftell(d->to) > 0 ? "," : "", key, value);
}

/* The same with what an attribute of `node` says. */
static void part_of(struct reader *rd, xmlNodePtr node, struct buffer *d,
                    const char *key, const char *name)
{
    char *value = node ? attribute(rd, node, name) : NULL;

    part(rd, node, d, key, value);
    free(value);
}

static void end(struct reader *rd, xmlNodePtr node, struct buffer *d,
                enum reader_list list)
{
    char *text = buffer_end(rd, d);

    if (text)
        add_item(rd, node, list, "%s", text);
    free(text);
}

/* The domain that serves the device, where it is not domain 0. */
static void put_backend(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    xmlNodePtr backend = child_of(node, "backenddomain");

    if (backend && !xmlHasProp(backend, (const xmlChar *)"name"))
        fault(rd, backend, "its name is missing");
    part_of(rd, backend, d, "backend", "name");
    kept(rd, backend, NULL);
}

static void refuse_child(struct reader *rd, xmlNodePtr node, const char *name,
                         const char *of)
{
    xmlNodePtr child = child_of(node, name);

    if (child)
        fault(rd, child, "xl has no way to say that of %s", of);
}

/* `names` ends with NULL. */
static void refuse_attributes(struct reader *rd, xmlNodePtr node,
                              const char *const *names, const char *of)
{
    for (; *names; names++)
        if (xmlHasProp(node, (const xmlChar *)*names))
            fault(rd, node, "xl has no way to say the %s of %s", *names, of);
}

/* Checks children and their attributes; what they say is read by name. */

static void look(struct reader *rd, xmlNodePtr node)
{
    (void)rd;
    (void)node;
}

/* ---- <disk> ---- */

static const struct element disk[] = {
    {"driver", look, " name type discard ", false},
    {"source", look, " file dev ", false},
    {"target", look, " dev bus ", false},
    {"readonly", look, " ", false},
    {"backenddomain", look, " name ", false},
    {"alias", NULL, NULL, false},
    {"address", NULL, NULL, false}, /* libvirt's own numbering */
    {NULL, NULL, NULL, false},
};

static void put_driver(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    static const struct {
        const char *name, *backend;
    } backends[] = {
        {"qemu", "qdisk"}, {"file", "qdisk"}, {"phy", "phy"}, {"tap", "tap"}};
    char *name = node ? attribute(rd, node, "name") : NULL;

    for (size_t i = 0; name && i < sizeof(backends) / sizeof(backends[0]); i++)
        if (!strcmp(name, backends[i].name))
            part(rd, node, d, "backendtype", backends[i].backend);
    free(name);
}

/* As both name one: xvda, hdc, sda1. */
bool is_disk_name(const char *name)
{
    static const char *const buses[] = {"xvd", "vd", "hd", "sd"};
    size_t n;

    for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++) {
        n = strlen(buses[i]);
        if (strncmp(name, buses[i], n) != 0)
            continue;
        name += n;
        n = strspn(name, "abcdefghijklmnopqrstuvwxyz");
        return n && !name[n + strspn(name + n, "0123456789")];
    }
    return false;
}

/* Is it that of a disk before? */
static bool is_taken(struct reader *rd, xmlNodePtr node, const char *dev)
{
    bool taken = false;

    for (xmlNodePtr n = node->prev; n && !taken; n = n->prev) {
        xmlNodePtr target =
            n->type == XML_ELEMENT_NODE && !xmlStrcmp(n->name, node->name)
                ? child_of(n, "target")
                : NULL;

        taken = target && attribute_is(rd, target, "dev", dev);
    }
    return taken;
}

static void put_target(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    xmlNodePtr target = child_of(node, "target");
    char *dev = target ? attribute(rd, target, "dev") : NULL;

    if (!dev)
        fault(rd, node, "its target, with a dev, is missing");
    else if (!is_disk_name(dev))
        fault(rd, target, "there is no disk \"%.60s\"", dev);
    else if (is_taken(rd, node, dev))
        fault(rd, target, "there is a disk %.60s already", dev);
    else
        part(rd, target, d, "vdev", dev);
    if (target)
        (void)!attribute_among(rd, target, "bus", " xen ");
    free(dev);
}

/* Anything that ends a line would end the setting, or begin another. */
static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* Last, where xl takes commas and blanks as they are, but at its end. */
static void put_source(struct reader *rd, xmlNodePtr node, bool cdrom,
                       struct buffer *d)
{
    xmlNodePtr source = child_of(node, "source");
    bool block = attribute_is(rd, node, "type", "block");
    const char *name = block ? "dev" : "file", *other = block ? "file" : "dev";
    char *path = source ? attribute(rd, source, name) : NULL;

    if (source && xmlHasProp(source, (const xmlChar *)other))
        fault(rd, source, "a disk of that type has no %s", other);
    if (path && *path &&
        (has_control(path) || strchr(", ", path[strlen(path) - 1])))
        fault(rd, source, "xl has no way to say the path \"%.60s\"", path);
    else if (path && *path)
        fprintf(d->to, ",target=%s", path);
    else if (!cdrom)
        fault(rd, source ? source : node, "the source, with a %s, is missing",
              name);
    free(path);
}

static void read_disk(struct reader *rd, xmlNodePtr node)
{
    bool cdrom = attribute_is(rd, node, "device", "cdrom");
    xmlNodePtr driver = child_of(node, "driver");
    char *format = driver ? attribute(rd, driver, "type") : NULL;
    struct buffer d;

    read_children(rd, node, disk);
    (void)!attribute_among(rd, node, "type", " file block ");
    (void)!attribute_among(rd, node, "device", " disk cdrom ");
    if (driver) {
        (void)!attribute_among(rd, driver, "name", " qemu file phy tap ");
        (void)!attribute_among(rd, driver, "type",
                               " raw aio qcow qcow2 vhd qed ");
        (void)!attribute_among(rd, driver, "discard", " unmap ignore ");
    }
    if (buffer_begin(rd, &d)) {
        /* aio is how libvirt's oldest files say raw. */
        part(rd, node, &d, "format",
             format && strcmp(format, "aio") ? format : "raw");
        put_target(rd, node, &d);
        part(rd, node, &d, "access",
             cdrom || child_of(node, "readonly") ? "ro" : "rw");
        put_driver(rd, driver, &d);
        put_backend(rd, node, &d);
        if (cdrom)
            part(rd, node, &d, "devtype", "cdrom");
        kept(rd, driver, "discard");
        if (driver && xmlHasProp(driver, (const xmlChar *)"discard"))
            fputs(attribute_is(rd, driver, "discard", "unmap") ? ",discard"
                                                               : ",no-discard",
                  d.to);
        put_source(rd, node, cdrom, &d);
        end(rd, node, &d, LIST_DISK);
    }
    free(format);
}

/* ---- <interface> ---- */

static const struct element tags[] = {
    {"tag", look, " id ", true},
    {NULL, NULL, NULL, false},
};

/* As libvirt, several are a trunk. */
static bool is_trunk(struct reader *rd, xmlNodePtr vlan)
{
    unsigned int nr = 0;

    for (xmlNodePtr n = vlan->children; n; n = n->next)
        nr += n->type == XML_ELEMENT_NODE;
    return nr > 1 || attribute_is(rd, vlan, "trunk", "yes");
}

static void read_vlan(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, tags);
    (void)!attribute_among(rd, node, "trunk", " yes no ");
    if (!child_of(node, "tag"))
        fault(rd, node, "its tag is missing");
    if (is_trunk(rd, node) && attribute_is(rd, node, "trunk", "no"))
        fault(rd, node, "several tags are a trunk");
    for (xmlNodePtr n = node->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE &&
            !xmlHasProp(n, (const xmlChar *)"id"))
            fault(rd, n, "its id is missing");
}

static void read_outbound(struct reader *rd, xmlNodePtr node)
{
    uint64_t n;
    char *text = attribute(rd, node, "average");

    (void)!read_number(rd, node, text, &n);
    free(text);
}

static const struct element bandwidth[] = {
    {"outbound", read_outbound, " average ", false},
    {NULL, NULL, NULL, false},
};

static void read_bandwidth(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, bandwidth);
}

static const struct element interface[] = {
    {"mac", look, " address ", false},
    {"source", look, " bridge ", false},
    {"script", look, " path ", false},
    {"target", look, " dev ", false},
    {"ip", look, " address family prefix ", true},
    {"model", look, " type ", false},
    {"mtu", look, " size ", false},
    {"vlan", read_vlan, " trunk ", false},
    {"virtualport", look, " type ", false},
    {"bandwidth", read_bandwidth, " ", false},
    {"backenddomain", look, " name ", false},
    {"alias", NULL, NULL, false},
    {NULL, NULL, NULL, false},
};

static void put_mac(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    char *mac = node ? attribute(rd, node, "address") : NULL;
    static const char form[] = "xx:xx:xx:xx:xx:xx";
    size_t i = 0;

    while (mac && mac[i] &&
           (form[i] == ':'
                ? mac[i] == ':'
                : form[i] && strchr("0123456789abcdefABCDEF", mac[i]) != NULL))
        i++;
    if (mac && (i != sizeof(form) - 1 || mac[i]))
        fault(rd, node, "it is no MAC address: %.60s", mac);
    else if (mac && strchr("13579bBdDfF", mac[1]))
        fault(rd, node, "it is a multicast address: %.60s", mac);
    else if (mac && strcmp(mac, "00:00:00:00:00:00") != 0)
        /* Zeros are how libvirt 9.0 writes that there is none. */
        part(rd, node, d, "mac", mac);
    free(mac);
}

/* xl's script for Open vSwitch takes a tag as .N, and a trunk's as :N:M. */
static void put_bridge(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    xmlNodePtr source = child_of(node, "source");
    xmlNodePtr vlan = child_of(node, "vlan");
    xmlNodePtr tag = vlan ? vlan->children : NULL;
    char *bridge = source ? attribute(rd, source, "bridge") : NULL;

    if (vlan && !child_of(node, "virtualport") && !child_of(node, "script"))
        fault(rd, vlan,
              "only Open vSwitch's virtualport, or a script, takes "
              "tags");
    if (!bridge)
        fault(rd, node, "its source, with a bridge, is missing");
    else if ((vlan || child_of(node, "virtualport")) && strpbrk(bridge, ".:"))
        fault(rd, source, "Open vSwitch's script takes tags from \"%.60s\"",
              bridge);
    else
        part(rd, source, d, "bridge", bridge);
    for (; bridge && tag; tag = tag->next) {
        char *id =
            tag->type == XML_ELEMENT_NODE ? attribute(rd, tag, "id") : NULL;
        uint64_t n;

        if (id && read_number(rd, tag, id, &n))
            fprintf(d->to, "%c%s", is_trunk(rd, vlan) ? ':' : '.', id);
        free(id);
    }
    free(bridge);
}

static void put_ips(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    struct buffer b;
    char *all;

    if (!child_of(node, "ip") || !buffer_begin(rd, &b))
        return;
    for (xmlNodePtr n = node->children; n; n = n->next) {
        char *ip =
            n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, "ip")
                ? attribute(rd, n, "address")
                : NULL;

        char *prefix = ip ? attribute(rd, n, "prefix") : NULL;

        if (ip)
            fprintf(b.to, "%s%s%s%s", ftell(b.to) > 0 ? " " : "", ip,
                    prefix ? "/" : "", prefix ? prefix : "");
        if (ip)
            kept(rd, n, "prefix");
        free(prefix);
        free(ip);
    }
    all = buffer_end(rd, &b);
    part(rd, node, d, "ip", all);
    free(all);
}

/* libvirt makes such a name up for a guest that runs; it is not the next's. */
static bool is_made_up(const char *vifname)
{
    unsigned int domid, devid;
    int n = 0;

    return sscanf(vifname, "vif%u.%u%n", &domid, &devid, &n) == 2 &&
           !vifname[n];
}

static void put_vifname(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    char *name = node ? attribute(rd, node, "dev") : NULL;

    if (name && !is_made_up(name))
        part(rd, node, d, "vifname", name);
    free(name);
}

static void put_rate(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    xmlNodePtr outbound = node ? child_of(node, "outbound") : NULL;
    char *average = outbound ? attribute(rd, outbound, "average") : NULL;

    if (average)
        fprintf(d->to, "%srate=%sKB/s", ftell(d->to) > 0 ? "," : "", average);
    free(average);
}

static void read_interface(struct reader *rd, xmlNodePtr node)
{
    xmlNodePtr port = child_of(node, "virtualport");
    bool bridge = attribute_is(rd, node, "type", "bridge");
    struct buffer d;

    read_children(rd, node, interface);
    (void)!attribute_needed(rd, node, "type", " bridge ethernet ");
    if (port)
        (void)!attribute_among(rd, port, "type", " openvswitch ");
    if (!buffer_begin(rd, &d))
        return;
    put_mac(rd, child_of(node, "mac"), &d);
    if (attribute_is(rd, node, "type", "ethernet")) {
        refuse_child(rd, node, "source", "an interface without a bridge");
        refuse_child(rd, node, "vlan", "an interface without a bridge");
    } else {
        put_bridge(rd, node, &d);
    }
    put_ips(rd, node, &d);
    /* libvirt's bridge is that script's, whatever xl.conf(5) says. */
    if ((port || bridge) && !child_of(node, "script"))
        part(rd, node, &d, "script", port ? "vif-openvswitch" : "vif-bridge");
    part_of(rd, child_of(node, "script"), &d, "script", "path");
    part_of(rd, child_of(node, "model"), &d, "model", "type");
    put_vifname(rd, child_of(node, "target"), &d);
    put_rate(rd, child_of(node, "bandwidth"), &d);
    part_of(rd, child_of(node, "mtu"), &d, "mtu", "size");
    kept(rd, child_of(node, "mtu"), NULL);
    put_backend(rd, node, &d);
    end(rd, node, &d, LIST_VIF);
}

/* ---- <graphics> ---- */

static const struct element graphics[] = {
    {"listen", look, " type address ", false},
    {NULL, NULL, NULL, false},
};

/* libvirt's are the ports, xl's the number of the display. */
static void put_display(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    char *port = attribute(rd, node, "port"), number[24];
    uint64_t n;

    if (!port && attribute_is(rd, node, "autoport", "no")) {
        part(rd, node, d, "vncunused", "0");
    } else if (!port || !strcmp(port, "-1") ||
               attribute_is(rd, node, "autoport", "yes")) {
        part(rd, node, d, "vncunused", "1");
    } else if (read_number(rd, node, port, &n) && n >= 5900 && n < 65536) {
        snprintf(number, sizeof(number), "%u", (unsigned int)n - 5900);
        part(rd, node, d, "vncunused", "0");
        part(rd, node, d, "vncdisplay", number);
    } else {
        fault(rd, node, "xl's VNC ports are 5900 to 65535");
    }
    free(port);
}

static void put_vnc(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    static const char *const sdl[] = {"display", "xauth", NULL};
    xmlNodePtr listen = child_of(node, "listen");

    refuse_attributes(rd, node, sdl, "vnc");
    if (listen)
        (void)!attribute_among(rd, listen, "type", " address ");
    part(rd, node, d, "vnc", "1");
    if (xmlHasProp(node, (const xmlChar *)"listen"))
        part_of(rd, node, d, "vnclisten", "listen");
    else
        part_of(rd, listen, d, "vnclisten", "address");
    put_display(rd, node, d);
    part_of(rd, node, d, "vncpasswd", "passwd");
    part_of(rd, node, d, "keymap", "keymap");
}

static void put_sdl(struct reader *rd, xmlNodePtr node, struct buffer *d)
{
    static const char *const vnc[] = {"passwd",   "listen", "port",
                                      "autoport", "keymap", NULL};

    refuse_attributes(rd, node, vnc, "sdl");
    refuse_child(rd, node, "listen", "sdl");
    part(rd, node, d, "sdl", "1");
    part(rd, node, d, "vnc", "0");
    part_of(rd, node, d, "display", "display");
    part_of(rd, node, d, "xauthority", "xauth");
}

static void read_graphics(struct reader *rd, xmlNodePtr node)
{
    struct buffer d;
    bool sdl = attribute_is(rd, node, "type", "sdl");

    read_children(rd, node, graphics);
    if (!attribute_needed(rd, node, "type", " vnc sdl ") ||
        !buffer_begin(rd, &d))
        return;
    if (sdl)
        put_sdl(rd, node, &d);
    else
        put_vnc(rd, node, &d);
    end(rd, node, &d, LIST_VFB);
}

static const struct element video[] = {
    {"model", look, " type vram heads primary ", false},
    {"alias", NULL, NULL, false},
    {NULL, NULL, NULL, false},
};

/* Xen's own comes with the graphics. */
static void read_video(struct reader *rd, xmlNodePtr node)
{
    xmlNodePtr model = child_of(node, "model");

    read_children(rd, node, video);
    if (model)
        (void)!attribute_among(rd, model, "type", " xen ");
}

static const struct element nothing[] = {
    {"alias", NULL, NULL, false},
    {NULL, NULL, NULL, false},
};

static void read_input(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, nothing);
    (void)!attribute_among(rd, node, "bus", " xen ");
}

/* ---- <console>, <channel> ---- */

static const struct element console[] = {
    {"source", look, " path ", false},
    {"target", look, " type port ", false},
    {"alias", NULL, NULL, false},
    {NULL, NULL, NULL, false},
};

/* Every PV guest has one. */
static void read_console(struct reader *rd, xmlNodePtr node)
{
    xmlNodePtr target = child_of(node, "target");

    read_children(rd, node, console);
    (void)!attribute_among(rd, node, "type", " pty ");
    if (target)
        (void)!attribute_among(rd, target, "type", " xen ");
    if (++rd->consoles > 1)
        fault(rd, node, "a PV guest has one console; others are channels");
}

static const struct element channel[] = {
    {"source", look, " mode path ", false},
    {"target", look, " type name state ", false},
    {"alias", NULL, NULL, false},
    {NULL, NULL, NULL, false},
};

static void read_channel(struct reader *rd, xmlNodePtr node)
{
    xmlNodePtr target = child_of(node, "target");
    xmlNodePtr source = child_of(node, "source");
    bool pty = attribute_is(rd, node, "type", "pty");
    struct buffer d;

    read_children(rd, node, channel);
    if (source)
        (void)!attribute_among(rd, source, "mode", " bind ");
    if (!attribute_needed(rd, node, "type", " pty unix ") ||
        !buffer_begin(rd, &d))
        return;
    part(rd, node, &d, "connection", pty ? "pty" : "socket");
    if (target)
        (void)!attribute_among(rd, target, "type", " xen ");
    part_of(rd, target, &d, "name", "name");
    if (!pty)
        part_of(rd, source, &d, "path", "path");
    end(rd, node, &d, LIST_CHANNEL);
}

/* ---- <hostdev> ---- */

static const struct element hostdev_source[] = {
    {"address", look, " domain bus slot function device ", false},
    {NULL, NULL, NULL, false},
};

static void read_hostdev_source(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, hostdev_source);
}

static const struct element hostdev[] = {
    {"driver", look, " name ", false},
    {"source", read_hostdev_source, " writeFiltering ", false},
    {"alias", NULL, NULL, false},
    {NULL, NULL, NULL, false},
};

/* In hexadecimal with 0x, octal with 0, or decimal; 0 where it is not said. */
static unsigned int pci_number(struct reader *rd, xmlNodePtr node,
                               const char *name, unsigned int most)
{
    char *text = attribute(rd, node, name), *end_of = NULL;
    unsigned long n = text ? strtoul(text, &end_of, 0) : 0;

    if (text && (*text < '0' || *text > '9' || *end_of || n > most))
        fault(rd, node, "%s is no such number: %.60s", name, text);
    free(text);
    return (unsigned int)(n & most);
}

static void put_usb(struct reader *rd, xmlNodePtr node, xmlNodePtr at)
{
    static const char *const pci[] = {"domain", "slot", "function",
                                      "writeFiltering", NULL};

    refuse_attributes(rd, at, pci, "a USB device");
    refuse_attributes(rd, at->parent, pci, "a USB device");
    if (attribute_is(rd, node, "managed", "yes"))
        fault(rd, node, "xl has no way to say managed of a USB device");
    if (!xmlHasProp(at, (const xmlChar *)"bus") ||
        !xmlHasProp(at, (const xmlChar *)"device"))
        fault(rd, at, "it needs bus and device");
    add_item(rd, node, LIST_USBDEV, "type=hostdev,hostbus=%u,hostaddr=%u",
             pci_number(rd, at, "bus", 0xff),
             pci_number(rd, at, "device", 0xff));
}

static void read_hostdev(struct reader *rd, xmlNodePtr node)
{
    xmlNodePtr source = child_of(node, "source");
    xmlNodePtr at = source ? child_of(source, "address") : NULL;
    xmlNodePtr driver = child_of(node, "driver");

    read_children(rd, node, hostdev);
    (void)!attribute_among(rd, node, "mode", " subsystem ");
    (void)!attribute_among(rd, node, "managed", " yes no ");
    if (driver)
        (void)!attribute_among(rd, driver, "name", " xen ");
    if (!attribute_needed(rd, node, "type", " pci usb "))
        return;
    if (!at) {
        fault(rd, node, "its source, with an address, is missing");
        return;
    }
    if (attribute_is(rd, node, "type", "usb")) {
        put_usb(rd, node, at);
        return;
    }
    if (xmlHasProp(at, (const xmlChar *)"device"))
        fault(rd, at, "a PCI device's address has no device");
    if (!xmlHasProp(at, (const xmlChar *)"bus") ||
        !xmlHasProp(at, (const xmlChar *)"slot"))
        fault(rd, at, "it needs bus and slot");
    add_item(
        rd, node, LIST_PCI, "%04x:%02x:%02x.%x%s%s",
        pci_number(rd, at, "domain", 0xffff), pci_number(rd, at, "bus", 0xff),
        pci_number(rd, at, "slot", 0x1f), pci_number(rd, at, "function", 7),
        attribute_is(rd, source, "writeFiltering", "no") ? ",permissive=1" : "",
        attribute_is(rd, node, "managed", "yes") ? ",seize=1" : "");
    if (attribute_is(rd, node, "managed", "yes"))
        kept(rd, node, "managed");
}

/* ---- the others ---- */

static void read_xenbus(struct reader *rd, xmlNodePtr node)
{
    static const struct {
        const char *attribute, *key;
    } limits[] = {{"maxGrantFrames", "max_grant_frames"},
                  {"maxEventChannels", "max_event_channels"}};
    static const char *const usb[] = {"model", "ports", NULL};
    uint64_t n;

    refuse_attributes(rd, node, usb, "the bus of a PV guest");
    if (rd->xenbus)
        fault(rd, node, "it stands there twice");
    rd->xenbus = true;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        char *text = attribute(rd, node, limits[i].attribute);

        /* 0 is none said. */
        if (text && read_number(rd, node, text, &n) && n > 0)
            set(rd, node, limits[i].key, "%llu", (unsigned long long)n);
        free(text);
    }
}

/* qemu's own, as libxl has it for a PV guest. */
static void read_usb(struct reader *rd, xmlNodePtr node)
{
    static const char *const xenbus[] = {"maxGrantFrames", "maxEventChannels",
                                         NULL};
    char *ports = attribute(rd, node, "ports");
    uint64_t n = 8; /* libxl's default */

    refuse_attributes(rd, node, xenbus, "a USB controller");
    if (attribute_needed(rd, node, "model", " qusb1 qusb2 ") &&
        (!ports || read_number(rd, node, ports, &n)))
        add_item(rd, node, LIST_USBCTRL, "type=qusb,version=%d,ports=%llu",
                 attribute_is(rd, node, "model", "qusb1") ? 1 : 2,
                 (unsigned long long)n);
    free(ports);
}

static void read_controller(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, nothing);
    if (!attribute_among(rd, node, "type", " xenbus usb "))
        return;
    if (attribute_is(rd, node, "type", "usb"))
        read_usb(rd, node);
    else
        read_xenbus(rd, node);
}

static void read_memballoon(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, nothing);
    (void)!attribute_among(rd, node, "model", " xen ");
}

static const struct element devices[] = {
    {"emulator", read_path, " ", false},
    {"disk", read_disk, " type device ", true},
    {"interface", read_interface, " type ", true},
    {"console", read_console, " type tty ", true},
    {"channel", read_channel, " type ", true},
    {"hostdev", read_hostdev, " mode type managed ", true},
    {"graphics", read_graphics,
     " type port autoport listen passwd keymap display xauth ", false},
    {"video", read_video, " ", false},
    {"input", read_input, " type bus ", true},
    {"controller", read_controller,
     " type index model ports maxGrantFrames maxEventChannels ", true},
    {"memballoon", read_memballoon, " model ", false},
    {NULL, NULL, NULL, false},
};

void read_devices(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, devices);
}
