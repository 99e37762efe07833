/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt.c - libvirt's XML of a domain.
 *
 * The input is the XML.  What is not refused has to be text of xl's with a line
 * of the XML for each of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "libvirt/to_xl.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct libvirt_xl xl;
    int rc = libvirt_to_xl((const char *)bytes, size, &xl);
    unsigned int lines = 0;

    if ((rc == 0) != (xl.faults == 0))
        abort();
    for (const char *p = rc ? "" : xl.text; *p; p++)
        lines += *p == '\n';
    if (rc == 0 && lines != xl.nr)
        abort();
    free(xl.text);
    free(xl.line);
    return 0;
}

/* -- seeds -- */

static const char *const seeds[] = {
    "<domain type='xen' id='3'><name>g</name>"
    "<uuid>c7a5fdb2-cdaf-9455-926a-d65c16db1809</uuid>"
    "<memory unit='KiB'>131072</memory><currentMemory>65536</currentMemory>"
    "<vcpu placement='static' cpuset='0-3,^1' current='1'>2</vcpu>"
    "<os><type arch='i686' machine='xenpv'>linux</type><kernel>/k</kernel>"
    "<initrd>/r</initrd><cmdline>a &quot;b&quot; \\</cmdline></os>"
    "<on_crash>preserve</on_crash><clock offset='utc' adjustment='reset'>"
    "<timer name='tsc' mode='native'/></clock></domain>",
    "<domain type='xen'><name>g</name><memory>1</memory><os><type>xen</type>"
    "</os><bootloader>pygrub</bootloader><devices><disk type='block' "
    "device='cdrom'><driver name='phy' type='raw'/><source dev='/dev/a'/>"
    "<target dev='xvda' bus='xen'/><readonly/></disk><interface "
    "type='bridge'><mac address='00:16:3e:00:00:01'/><source bridge='b'/>"
    "<vlan trunk='yes'><tag id='1'/><tag id='2'/></vlan><ip "
    "address='10.0.0.1'/><bandwidth><outbound average='5'/></bandwidth>"
    "</interface><graphics type='vnc' port='5901' passwd='x'/><hostdev "
    "mode='subsystem' type='pci' managed='yes'><source><address bus='1' "
    "slot='2' function='3'/></source></hostdev><channel type='unix'><source "
    "path='/s'/><target type='xen' name='c'/></channel></devices></domain>",
    "<!DOCTYPE domain [<!ENTITY k 'x'>]><domain type='xen'><name>&k;</name>"
    "<memory>2</memory><os><type>linux</type></os><vcpu>2</vcpu><cputune>"
    "<vcpupin vcpu='1' cpuset='0'/></cputune><cpu><numa><cell id='0' cpus='0' "
    "memory='1024'><distances><sibling id='0' value='10'/></distances>"
    "</cell></numa></cpu><features><xen><e820_host state='on'/></xen>"
    "</features></domain>",
};

bool fz_seed(unsigned int nr, struct fz_seed *seed)
{
    if (nr >= sizeof(seeds) / sizeof(seeds[0]))
        return false;
    seed->size = strlen(seeds[nr]);
    if (seed->size > FZ_SEED_MAX)
        abort();
    memcpy(seed->bytes, seeds[nr], seed->size);
    return true;
}
