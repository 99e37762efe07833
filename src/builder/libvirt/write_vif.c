/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt/write_devices.h"

static const char ovs[] = "vif-openvswitch";

/* Is it that script, wherever it lies? */
static bool is_script(const char *script, const char *name)
{
    const char *slash = script ? strrchr(script, '/') : NULL;

    return script && !strcmp(slash ? slash + 1 : script, name);
}

/* ---- the bridge, and its tags ---- */

/* ".10", or ":10:20" of a trunk. */
static void write_tags(struct writer *w, xmlNodePtr node, const char *tags)
{
    xmlNodePtr vlan = add_element(w, node, "vlan", NULL), tag, port;
    unsigned long id;
    char *end;

    if (*tags == ':')
        add_attribute(w, vlan, "trunk", "yes");
    do {
        id = strtoul(tags + 1, &end, 10);
        if (end == tags + 1 || tags[1] < '0' || tags[1] > '9' || id > 4095 ||
            (*end && (*end != ':' || *tags != ':'))) {
            note_refused(w, "a bridge's tags are like .10 or :10:20, not %.60s",
                         tags);
            return;
        }
        tag = add_element(w, vlan, "tag", NULL);
        add_formatted(w, tag, "id", "%lu", id);
        tags = end;
    } while (*tags);
    port = add_element(w, node, "virtualport", NULL);
    add_attribute(w, port, "type", "openvswitch");
}

/*
 * Only Open vSwitch's script takes tags from a bridge's name; no other bridge
 * has a colon in it, but many have a dot.
 */
static void write_bridge(struct writer *w, xmlNodePtr node, const char *bridge,
                         const char *script)
{
    bool open = is_script(script, ovs) || strchr(bridge, ':');
    const char *tags = open ? strpbrk(bridge, ".:") : NULL;
    char *name =
        strndup(bridge, tags ? (size_t)(tags - bridge) : strlen(bridge));
    xmlNodePtr source = add_element(w, node, "source", NULL);

    if (!name)
        w->no_memory = true;
    add_attribute(w, source, "bridge", name);
    free(name);
    if (tags) {
        write_tags(w, node, tags);
    } else if (strchr(bridge, '.')) {
        note(w,
             "%.60s is a bridge's name to xl; libvirt would take a tag from "
             "it",
             bridge);
    }
}

/* ---- the others ---- */

static void write_ip(struct writer *w, xmlNodePtr node, char *ip)
{
    char *prefix = strchr(ip, '/');
    bool six = strchr(ip, ':') != NULL;
    unsigned char bytes[sizeof(struct in6_addr)];
    unsigned long bits = 0;
    xmlNodePtr n;

    if (prefix)
        *prefix++ = '\0';
    if (inet_pton(six ? AF_INET6 : AF_INET, ip, bytes) != 1 ||
        (prefix && (!number_of(prefix, &bits) || bits > (six ? 128 : 32)))) {
        note_refused(w, "libvirt has no address %.60s%s%.20s", ip,
                     prefix ? "/" : "", prefix ? prefix : "");
        return;
    }
    n = add_element(w, node, "ip", NULL);
    add_attribute(w, n, "address", ip);
    add_attribute(w, n, "family", six ? "ipv6" : "ipv4");
    if (!prefix)
        return;
    add_formatted(w, n, "prefix", "%lu", bits);
    note(w, "libvirt drops an address's prefix");
}

static void write_ips(struct writer *w, xmlNodePtr node, const char *ips)
{
    char *copy = strdup(ips), *rest = copy, *ip;

    if (!copy)
        w->no_memory = true;
    while (copy && (ip = strsep(&rest, " \t")))
        if (*ip)
            write_ip(w, node, ip);
    free(copy);
}

struct rate {
    unsigned long bytes;   /* a second, as xl has it */
    unsigned long libvirt; /* KB/s, as libvirt reads the same */
    bool interval;         /* one of its own */
};

/* "10MB/s@20ms"; xl's K is 1000, libvirt's next to M 1024. */
static bool parse_rate(const char *text, struct rate *rate)
{
    static const char units[] = "KMG";
    unsigned long n, xl = 1, other = 1;
    const char *unit;
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    n = strtoul(text, &end, 0);
    unit = *end ? strchr(units, *end) : NULL;
    if (unit) {
        for (const char *u = units; u <= unit; u++) {
            xl *= 1000;
            other *= u > units ? 1024 : 1;
        }
        end++;
    }
    if (!n || n > UINT32_MAX || (*end != 'B' && *end != 'b') ||
        strncmp(end + 1, "/s", 2) != 0 || (end[3] && end[3] != '@'))
        return false;
    rate->bytes = n * xl / (*end == 'b' ? 8 : 1);
    rate->libvirt = n * other / (*end == 'b' ? 8 : 1);
    rate->interval = end[3] && strcmp(end + 3, "@50ms") != 0;
    return true;
}

static void write_rate(struct writer *w, xmlNodePtr node, const char *text)
{
    struct rate rate;
    unsigned long kb;
    xmlNodePtr outbound;

    if (!parse_rate(text, &rate)) {
        note_refused(w, "xl has no rate %.60s", text);
        return;
    }
    kb = rate.bytes / 1000 ? rate.bytes / 1000 : 1;
    outbound = add_element(w, add_element(w, node, "bandwidth", NULL),
                           "outbound", NULL);
    add_formatted(w, outbound, "average", "%lu", kb);
    if (rate.libvirt != kb)
        note(w, "xl's rate %.60s is %lu KB/s; libvirt would take %lu", text, kb,
             rate.libvirt);
    if (rate.bytes != kb * 1000)
        note(w, "the rate is %lu bytes a second, and libvirt's are of KB",
             rate.bytes);
    if (rate.interval)
        note(w, "the rate's interval is left out; libvirt has none");
}

static void write_mac(struct writer *w, xmlNodePtr node, const char *mac)
{
    xmlNodePtr n;

    if (!mac) {
        note(w, "no mac is given: libxl makes one, and so does whoever reads "
                "the XML; libvirt's has zeros");
        return;
    }
    if (strtoul(mac, NULL, 16) & 1)
        note_refused(w, "libvirt takes no multicast address, %s", mac);
    n = add_element(w, node, "mac", NULL);
    add_attribute(w, n, "address", mac);
}

/* libvirt gives such a name to a guest that runs, and does not keep it. */
static bool is_made_up(const char *name)
{
    unsigned int domid, devid;
    int n = 0;

    return sscanf(name, "vif%u.%u%n", &domid, &devid, &n) == 2 && !name[n];
}

/* An element with one attribute, where the interface has the part. */
static void write_part(struct writer *w, xmlNodePtr node,
                       const struct setting *vif, const char *part,
                       const char *element, const char *name)
{
    const char *text = setting_text(vif, part);

    if (text)
        add_attribute(w, add_element(w, node, element, NULL), name, text);
}

/* libvirt's name for the only one that a PV guest can have. */
static void write_model(struct writer *w, xmlNodePtr node,
                        const struct setting *vif)
{
    const char *model = setting_text(vif, "model");

    if (!model && setting_find(vif, "type"))
        model = "netfront";
    if (model)
        add_attribute(w, add_element(w, node, "model", NULL), "type", model);
}

static const char *const unsaid[] = {"gatewaydev", "devid", "forwarddev",
                                     "untrusted", "trusted"};

static void refuse_unsaid(struct writer *w, const struct setting *vif)
{
    const char *type = setting_text(vif, "type");

    if (type && !strcmp(type, "ioemu"))
        note_refused(w, "libxl gives no PV guest an interface of type=ioemu");
    refuse_parts(w, vif, unsaid, sizeof(unsaid) / sizeof(unsaid[0]));
    for (unsigned int i = 0; i < vif->n; i++)
        if (!strncmp(vif->item[i].name, "colo_", 5))
            note_refused(w, "libvirt has no way to say %.60s",
                         vif->item[i].name);
}

void write_vif(struct writer *w, const struct setting *vif)
{
    const char *bridge = setting_text(vif, "bridge");
    const char *script = setting_text(vif, "script");
    const char *ips = setting_text(vif, "ip");
    const char *rate = setting_text(vif, "rate");
    const char *name = setting_text(vif, "vifname");
    xmlNodePtr node = add_element(w, w->devices, "interface", NULL);

    refuse_unsaid(w, vif);
    add_attribute(w, node, "type", bridge ? "bridge" : "ethernet");
    write_mac(w, node, setting_text(vif, "mac"));
    if (bridge)
        write_bridge(w, node, bridge, script);
    else if (is_script(script, "vif-bridge"))
        note(w, "xl takes the host's first bridge; what libvirt would write it "
                "would not read");
    if (ips)
        write_ips(w, node, ips);
    write_part(w, node, vif, "script", "script", "path");
    write_part(w, node, vif, "vifname", "target", "dev");
    if (name && is_made_up(name))
        note(w, "libvirt drops a vifname like %s", name);
    write_model(w, node, vif);
    if (rate)
        write_rate(w, node, rate);
    write_part(w, node, vif, "mtu", "mtu", "size");
    if (setting_find(vif, "mtu"))
        note(w, "libvirt drops an interface's mtu");
    write_backend(w, node, vif);
}
