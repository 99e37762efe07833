/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's XML in xl's words: what each element becomes, where it came from,
 * and that what xl has no word for is refused by its name and line, all of it.
 */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <libxml/parser.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt/to_xl.h"
#include "unit_random.h"

static struct libvirt_xl xl;
static char xml[65536];

static int read_xml(const char *text, size_t len)
{
    return libvirt_to_xl(text, len, &xl);
}

static void forget(void)
{
    free(xl.text);
    free(xl.line);
    xl = (struct libvirt_xl){0};
}

#define HEAD "<domain type='xen'>\n<name>g</name>\n<memory>131072</memory>\n"
#define OS                                                                     \
    "<os><type arch='x86_64' machine='xenpv'>linux</type>"                     \
    "<kernel>/k</kernel></os>\n"
#define DEVICES(d) HEAD OS "<devices>\n" d "\n</devices>\n</domain>\n"
#define DOMAIN(d)  HEAD OS d "\n</domain>\n"

#define BASE                                                                   \
    "name = \"g\"\ntype = \"pv\"\nkernel = \"/k\"\nmaxmem = 128\n"             \
    "memory = 128\n"

/* Lines beside those of the base, in their order. */
static const struct {
    const char *xml, *lines;
} good[] = {
    {DOMAIN(""), ""},
    {DOMAIN("<title>T</title><description>D</description>"
            "<metadata><a:b xmlns:a='http://a'>x</a:b></metadata>"),
     ""},
    {DOMAIN("<uuid>C7A5FDB2-CDAF-9455-926A-D65C16DB1809</uuid>"),
     "uuid = \"C7A5FDB2-CDAF-9455-926A-D65C16DB1809\"\n"},
    {DOMAIN("<uuid>c7a5fdb2cdaf9455926ad65c16db1809</uuid>"),
     "uuid = \"c7a5fdb2-cdaf-9455-926a-d65c16db1809\"\n"},
    {DOMAIN("<vcpu current='2'>4</vcpu>"), "maxvcpus = 4\nvcpus = 2\n"},
    {DOMAIN("<vcpu placement='static' cpuset='0-3,^1'>2</vcpu>"),
     "maxvcpus = 2\nvcpus = 2\ncpus = \"0-3,^1\"\n"},
    {DOMAIN("<vcpu>2</vcpu><cputune><vcpupin vcpu='1' cpuset='1'/>"
            "<shares>512</shares></cputune>"),
     "maxvcpus = 2\nvcpus = 2\ncpu_weight = 512\n"
     "cpus = [ \"all\", \"1\" ]\n"},
    {DOMAIN("<vcpu cpuset='0-1'>2</vcpu>"
            "<cputune><vcpupin vcpu='0' cpuset='1'/></cputune>"),
     "maxvcpus = 2\nvcpus = 2\ncpus = [ \"1\", \"0-1\" ]\n"},
    {DOMAIN("<bootloader>/usr/bin/pygrub</bootloader>"
            "<bootloader_args>-q --x</bootloader_args>"),
     "bootloader = \"/usr/bin/pygrub\"\nbootloader_args = [ \"-q\", \"--x\" "
     "]\n"},
    {DOMAIN("<on_poweroff>rename-restart</on_poweroff>"
            "<on_reboot>restart</on_reboot><on_crash>preserve</on_crash>"),
     "on_poweroff = \"rename-restart\"\non_reboot = \"restart\"\n"
     "on_crash = \"preserve\"\n"},
    {DOMAIN("<clock/>"), ""},
    {DOMAIN("<clock offset='utc' adjustment='reset'/>"), "localtime = 0\n"},
    {DOMAIN("<clock offset='localtime'>"
            "<timer name='tsc' mode='paravirt'/></clock>"),
     "localtime = 1\ntsc_mode = \"native_paravirt\"\n"},
    {DOMAIN("<features><acpi/><pae/><xen><e820_host state='on'/>"
            "<passthrough state='on' mode='sync_pt'/></xen></features>"),
     "acpi = 1\npae = 1\ne820_host = 1\npassthrough = \"sync_pt\"\n"},
    {DOMAIN("<cpu mode='host-passthrough'><numa>"
            "<cell id='0' cpus='0' memory='65536'/>"
            "<cell id='1' cpus='1' memory='64' unit='MiB'><distances>"
            "<sibling id='0' value='31'/></distances></cell></numa></cpu>"),
     "vnuma = [ [ \"pnode=0\", \"size=64\", \"vcpus=0\", "
     "\"vdistances=10,20\" ], [ \"pnode=1\", \"size=64\", \"vcpus=1\", "
     "\"vdistances=31,10\" ] ]\n"},
    {DEVICES("<emulator>/usr/bin/q</emulator>"),
     "device_model_override = \"/usr/bin/q\"\n"},
    {DEVICES("<disk type='block' device='disk'><driver name='phy'/>"
             "<source dev='/dev/a'/><target dev='xvda' bus='xen'/></disk>"
             "<disk type='file' device='cdrom'><driver name='qemu' "
             "type='raw'/><source file='/x, y.iso'/><target dev='xvdc'/>"
             "<readonly/></disk>"),
     "disk = [ \"format=raw,vdev=xvda,access=rw,backendtype=phy,"
     "target=/dev/a\", \"format=raw,vdev=xvdc,access=ro,"
     "backendtype=qdisk,devtype=cdrom,target=/x, y.iso\" ]\n"},
    {DEVICES("<disk type='file'><driver name='tap' type='qcow2'/>"
             "<source file='/x'/><target dev='hda'/><readonly/>"
             "<backenddomain name='dd'/></disk>"),
     "disk = [ \"format=qcow2,vdev=hda,access=ro,backendtype=tap,"
     "backend=dd,target=/x\" ]\n"},
    {DEVICES("<interface type='bridge'><mac address='00:16:3e:00:00:01'/>"
             "<source bridge='br0'/><script path='vif-x'/>"
             "<target dev='v0'/><ip address='10.0.0.2'/>"
             "<ip address='10.0.0.3'/><bandwidth><outbound "
             "average='1000'/></bandwidth></interface>"),
     "vif = [ \"mac=00:16:3e:00:00:01,bridge=br0,ip=10.0.0.2 10.0.0.3,"
     "script=vif-x,vifname=v0,rate=1000KB/s\" ]\n"},
    {DEVICES("<controller type='usb' model='qusb1' ports='4'/>"
             "<hostdev mode='subsystem' type='usb' managed='no'><source>"
             "<address bus='1' device='0x10'/></source></hostdev>"),
     "usbctrl = [ \"type=qusb,version=1,ports=4\" ]\n"
     "usbdev = [ \"type=hostdev,hostbus=1,hostaddr=16\" ]\n"},
    /* Zeros stand for none, and a running guest's name is not the next's. */
    {DEVICES("<interface type='bridge'><mac address='00:00:00:00:00:00'/>"
             "<source bridge='ovs'/><target dev='vif3.0'/>"
             "<vlan><tag id='10'/></vlan>"
             "<virtualport type='openvswitch'/></interface>"),
     "vif = [ \"bridge=ovs.10,script=vif-openvswitch\" ]\n"},
    {DEVICES("<interface type='ethernet'><mac address='00:16:3E:0a:00:01'/>"
             "<script path='vif-route'/><mtu size='9000'/></interface>"),
     "vif = [ \"mac=00:16:3E:0a:00:01,script=vif-route,mtu=9000\" ]\n"},
    {DEVICES("<graphics type='vnc' port='-1' autoport='yes' "
             "listen='0.0.0.0'><listen type='address' "
             "address='0.0.0.0'/></graphics><video><model type='xen' "
             "vram='4096' heads='1'/></video>"),
     "vfb = [ \"vnc=1,vnclisten=0.0.0.0,vncunused=1\" ]\n"},
    {DEVICES("<graphics type='vnc' port='5901' passwd='x'><listen "
             "type='address' address='1.2.3.4'/></graphics>"),
     "vfb = [ \"vnc=1,vnclisten=1.2.3.4,vncunused=0,vncdisplay=1,"
     "vncpasswd=x\" ]\n"},
    {DEVICES("<console type='pty' tty='/dev/pts/3'><source "
             "path='/dev/pts/3'/><target type='xen' port='0'/></console>"
             "<input type='mouse' bus='xen'/><input type='keyboard' "
             "bus='xen'/><memballoon model='xen'/><controller type='xenbus' "
             "index='0' maxGrantFrames='64' maxEventChannels='0'/>"),
     "max_grant_frames = 64\n"},
    {DEVICES("<channel type='pty'><target type='xen' name='c0'/></channel>"
             "<channel type='unix'><source mode='bind' path='/s'/>"
             "<target type='xen' name='c1'/></channel>"),
     "channel = [ \"connection=pty,name=c0\", "
     "\"connection=socket,name=c1,path=/s\" ]\n"},
    {DEVICES("<hostdev mode='subsystem' type='pci' managed='no'>"
             "<driver name='xen'/><source writeFiltering='no'><address "
             "domain='0x0000' bus='0x01' slot='0x02' function='0x3'/>"
             "</source></hostdev>"),
     "pci = [ \"0000:01:02.3,permissive=1\" ]\n"},
    {DEVICES(
         "<interface type='bridge'><source bridge='b'/><vlan><tag id='1'/><tag "
         "id='2'/></vlan><virtualport type='openvswitch'/></interface>"),
     "vif = [ \"bridge=b:1:2,script=vif-openvswitch\" ]\n"},
    {DEVICES(
         "<interface type='bridge'><source bridge='b'/><vlan trunk='yes'><tag "
         "id='1'/></vlan><virtualport type='openvswitch'/></interface>"),
     "vif = [ \"bridge=b:1,script=vif-openvswitch\" ]\n"},
    {DEVICES("<interface type='bridge'><source bridge='b.1'/></interface>"),
     "vif = [ \"bridge=b.1,script=vif-bridge\" ]\n"},
    {DEVICES("<graphics type='sdl' display=':1' xauth='/x'/>"),
     "vfb = [ \"sdl=1,vnc=0,display=:1,xauthority=/x\" ]\n"},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address bus='1' "
             "slot='0x1f'/></source></hostdev>"),
     "pci = [ \"0000:01:1f.0\" ]\n"},
    {DOMAIN("<cputune><vcpupin vcpu='0' cpuset='1'/></cputune>"),
     "cpus = [ \"1\" ]\n"},
};

static bool has_line(const char *text, const char *line, size_t len)
{
    for (; *text; text += strcspn(text, "\n") + 1)
        if (!strncmp(text, line, len))
            return true;
    return false;
}

static void assert_lines(const char *lines)
{
    for (; *lines; lines += strcspn(lines, "\n") + 1)
        ck_assert_msg(has_line(xl.text, lines, strcspn(lines, "\n") + 1),
                      "'%.*s' is not in:\n%s", (int)strcspn(lines, "\n"), lines,
                      xl.text);
}

static unsigned int count_lines(const char *text)
{
    unsigned int n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

START_TEST(means_the_same)
{
    int rc = read_xml(good[_i].xml, strlen(good[_i].xml));

    ck_assert_msg(rc == 0, "%s: %s", good[_i].xml, xl.fault[0].what);
    assert_lines(BASE);
    assert_lines(good[_i].lines);
    ck_assert_uint_eq(xl.nr, count_lines(xl.text));
    ck_assert_uint_eq(xl.nr, count_lines(BASE) + count_lines(good[_i].lines));
    ck_assert_uint_eq(xl.width, 64);
    forget();
}
END_TEST

static const struct {
    const char *xml, *what;
    unsigned int line;
} bad[] = {
    {"<domain type='xen'>", "it is no XML", 1},
    {"", "it is no XML", 0},
    {"<domstatus/>", "<domstatus>: a <domain> is wanted", 1},
    {"<domain xmlns='urn:x' type='xen'/>", "a <domain> is wanted", 1},
    {"<domain type='kvm'/>", "its type has to be xen", 1},
    {"<domain type='xen'/>", "<name> is missing", 1},
    {DOMAIN("<pm/>"), "<pm>: domwright cannot give that", 5},
    {DOMAIN("<name>h</name>"), "<name>: it stands there twice", 5},
    {DOMAIN("<vcpu foo='1'>1</vcpu>"), "the attribute foo", 5},
    {DOMAIN("<vcpu> 2 </vcpu>"), "no whole number", 5},
    {DOMAIN("<vcpu/>"), "no whole number", 5},
    {DOMAIN("<vcpu>99999999999999999999</vcpu>"), "too large", 5},
    {DOMAIN("<currentMemory unit='foo'>5</currentMemory>"), "no unit foo", 5},
    {DOMAIN("<currentMemory unit='PiB'>99999999</currentMemory>"), "too large",
     5},
    {DOMAIN("<currentMemory>0x20000</currentMemory>"), "no whole number", 5},
    {DOMAIN("text"), "<domain>: text is in it", 1},
    {DOMAIN("<uuid>not-a-uuid</uuid>"), "not a UUID", 5},
    {DOMAIN("<uuid>c7a5fdb2-cdaf-9455-926a-d65c16db18090</uuid>"), "not a UUID",
     5},
    {DOMAIN("<clock offset='variable' adjustment='3'/>"), "offset is variable",
     5},
    {DOMAIN("<clock><timer name='hpet'/></clock>"), "name is hpet", 5},
    {DOMAIN("<cpu mode='custom'><model>Penryn</model></cpu>"), "<model>", 5},
    {DOMAIN("<cpu><numa><cell id='1' memory='1'/></numa></cpu>"),
     "numbered from 0", 5},
    {DOMAIN("<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='0' "
            "cpuset='1'/></cputune>"),
     "pinned twice", 5},
    {DOMAIN("<features><kvm><hidden state='on'/></kvm></features>"), "<kvm>",
     5},
    {DOMAIN("<seclabel type='dynamic'/>"), "type is dynamic", 5},
    {DEVICES("<sound model='ac97'/>"), "<sound>", 6},
    {DEVICES("<disk type='file'><source file='/x'/></disk>"), "its target", 6},
    {DEVICES("<disk type='file'><target dev='xvda'/></disk>"), "the source", 6},
    {DEVICES("<disk type='file'><source file='/x'/><target dev='a,b'/>"
             "</disk>"),
     "no disk \"a,b\"", 6},
    {DEVICES("<disk type='network'><source file='/x'/><target dev='xvda'/>"
             "</disk>"),
     "type is network", 6},
    {DEVICES("<disk><source file='/x'/><target dev='xvda'/><shareable/>"
             "</disk>"),
     "<shareable>", 6},
    {DEVICES("<interface type='user'/>"), "type is user", 6},
    {DEVICES("<interface type='bridge'/>"), "with a bridge", 6},
    {DEVICES("<interface type='bridge'><source bridge='a,b'/></interface>"),
     "the bridge \"a,b\"", 6},
    {DEVICES("<interface type='bridge'><mac address='00:16'/>"
             "<source bridge='a'/></interface>"),
     "no MAC", 6},
    {DEVICES("<console type='pty'/><console type='pty'/>"), "one console", 6},
    {DEVICES("<graphics type='spice'/>"), "type is spice", 6},
    {DEVICES("<graphics type='vnc' port='80'/>"), "5900", 6},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address "
             "bus='0x100'/></source></hostdev>"),
     "bus is no such number", 6},
    {DEVICES("<hostdev mode='subsystem' type='scsi'/>"), "type is scsi", 6},
    {DEVICES("<hostdev mode='subsystem' type='usb'><source>"
             "<vendor id='0x1'/></source></hostdev>"),
     "<vendor>: domwright cannot", 6},
    {DEVICES("<controller type='usb' model='pvusb'/>"), "model is pvusb", 6},
    {DEVICES("<controller type='xenbus'/><controller type='xenbus'/>"),
     "it stands there twice", 6},
    {DEVICES("<memballoon model='none'/>"), "model is none", 6},
    {DEVICES("<disk type='file'><source file='/a&#10;b'/><target "
             "dev='xvda'/></disk>"),
     "the path", 6},
    {DEVICES("<disk type='file'><source file='/a&#9;b'/><target "
             "dev='xvda'/></disk>"),
     "the path", 6},
    {DEVICES(
         "<disk type='file'><source file='/a,'/><target dev='xvda'/></disk>"),
     "the path", 6},
    {DEVICES(
         "<disk type='file'><source file='/a '/><target dev='xvda'/></disk>"),
     "the path", 6},
    {DEVICES("<disk type='file'><source dev='/a'/><target dev='xvda'/></disk>"),
     "has no dev", 6},
    {DEVICES("<disk type='block'><source dev='/a' file='/b'/><target "
             "dev='xvda'/></disk>"),
     "has no file", 6},
    {DEVICES("<disk type='file'><source file='/a'/><backenddomain/><target "
             "dev='xvda'/></disk>"),
     "<backenddomain>: its name", 6},
    {DEVICES("<disk type='file'><source file='/a'/><driver name='qemu "
             "file'/><target dev='xvda'/></disk>"),
     "name is qemu file", 6},
    {DEVICES("<interface  ></interface>"), "its type is missing", 6},
    {DEVICES("<interface type='bridge'><source "
             "bridge='b'/><backenddomain/></interface>"),
     "<backenddomain>: its name", 6},
    {DEVICES("<interface type='ethernet'><source bridge='b'/></interface>"),
     "<source>: xl has no way", 6},
    {DEVICES(
         "<interface type='ethernet'><vlan><tag id='1'/></vlan></interface>"),
     "<vlan>: xl has no way", 6},
    {DEVICES("<interface type='bridge'><source "
             "bridge='b'/><vlan><tag/></vlan></interface>"),
     "<tag>: its id", 6},
    {DEVICES(
         "<interface type='bridge'><source bridge='b'/><vlan/></interface>"),
     "<vlan>: its tag", 6},
    {DEVICES("<interface type='bridge'><source bridge='b'/><vlan "
             "trunk='on'><tag id='1'/></vlan></interface>"),
     "trunk is on", 6},
    {DEVICES("<interface type='bridge'><source bridge='b'/><vlan "
             "trunk='no'><tag id='1'/><tag id='2'/></vlan></interface>"),
     "are a trunk", 6},
    {DEVICES("<interface type='bridge'><source bridge='b.1'/><virtualport "
             "type='openvswitch'/></interface>"),
     "takes tags from", 6},
    {DEVICES("<interface type='bridge'><source bridge='b'/><vlan><tag "
             "id='1'/></vlan></interface>"),
     "<vlan>: only Open vSwitch", 6},
    {DEVICES("<interface type='bridge'><source bridge='b:1'/><vlan><tag "
             "id='1'/></vlan></interface>"),
     "takes tags from", 6},
    {DEVICES("<graphics port='5900'/>"), "<graphics>: its type is missing", 6},
    {DEVICES("<graphics type='vnc'><listen type='socket'/></graphics>"),
     "type is socket", 6},
    {DEVICES("<graphics type='vnc' xauth='/x'/>"), "the xauth of vnc", 6},
    {DEVICES("<graphics type='sdl' passwd='x'/>"), "the passwd of sdl", 6},
    {DEVICES("<graphics type='sdl' listen='x'/>"), "the listen of sdl", 6},
    {DEVICES("<graphics type='sdl' port='x'/>"), "the port of sdl", 6},
    {DEVICES("<graphics type='sdl' autoport='x'/>"), "the autoport of sdl", 6},
    {DEVICES("<graphics type='sdl' keymap='x'/>"), "the keymap of sdl", 6},
    {DEVICES("<graphics type='sdl'><listen type='address'/></graphics>"),
     "<listen>: xl has no way", 6},
    {DEVICES("<channel><target type='xen' name='c'/></channel>"),
     "<channel>: its type is missing", 6},
    {DEVICES("<channel type='unix'><source mode='connect' path='/s'/><target "
             "name='c'/></channel>"),
     "mode is connect", 6},
    {DEVICES("<hostdev mode='subsystem' managed='no'><source><address bus='1' "
             "slot='2'/></source></hostdev>"),
     "<hostdev>: its type is missing", 6},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address "
             "/></source></hostdev>"),
     "it needs bus and slot", 6},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address "
             "bus='1'/></source></hostdev>"),
     "it needs bus and slot", 6},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address "
             "slot='1'/></source></hostdev>"),
     "it needs bus and slot", 6},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address bus='1' "
             "slot=' +1'/></source></hostdev>"),
     "slot is no such number", 6},
    {DEVICES("<hostdev mode='subsystem' type='pci'><source><address bus='+1' "
             "slot='1'/></source></hostdev>"),
     "bus is no such number", 6},
    {DOMAIN("<vcpu>2</vcpu><cputune><vcpupin vcpu='2' cpuset='0'/></cputune>"),
     "vCPU 2 is pinned", 1},
    {DOMAIN("<cputune><vcpupin vcpu='1' cpuset='0'/></cputune>"),
     "vCPU 1 is pinned", 1},
    {DOMAIN("<clock><timer mode='native'/></clock>"), "its name is missing", 5},
    {DOMAIN("<seclabel/>"), "its type is missing", 5},
};

START_TEST(refused)
{
    unsigned int i;

    ck_assert_int_eq(read_xml(bad[_i].xml, strlen(bad[_i].xml)), -EINVAL);
    ck_assert_uint_gt(xl.faults, 0);
    for (i = 0; i < xl.faults && i < LIBVIRT_FAULTS; i++)
        if (strstr(xl.fault[i].what, bad[_i].what) &&
            (!bad[_i].line || xl.fault[i].line == bad[_i].line))
            break;
    ck_assert_msg(i < xl.faults, "'%s' at line %u is not said of %s; but %s",
                  bad[_i].what, bad[_i].line, bad[_i].xml, xl.fault[0].what);
    forget();
}
END_TEST

/* Each with its line, all at once; more than are kept are counted. */
START_TEST(all_at_once)
{
    size_t n;

    strcpy(xml, HEAD OS);
    for (n = 0; n < 50; n++)
        strcat(xml, "<blkiotune/>\n<pm/>\n");
    strcat(xml, "</domain>\n");
    ck_assert_int_eq(read_xml(xml, strlen(xml)), -EINVAL);
    ck_assert_uint_eq(xl.faults, 100);
    for (n = 0; n < LIBVIRT_FAULTS; n++)
        ck_assert_uint_eq(xl.fault[n].line, 5 + n);
    forget();
}
END_TEST

/* What xl would take for something else is written as it is meant. */
START_TEST(quotes)
{
    const char text[] =
        DOMAIN("<bootloader>a\"b'c\\d&amp;&lt;\xc3\xbc&#10;e\tf</bootloader>");

    ck_assert_int_eq(read_xml(text, strlen(text)), 0);
    assert_lines("bootloader = \"a\\\"b'c\\\\d&<\xc3\xbc\\ne\\tf\"\n");
    forget();
}
END_TEST

/* Sizes are rounded up, each for itself. */
START_TEST(sizes)
{
    static const struct {
        const char *memory;
        unsigned int maxmem, now;
    } size[] = {
        {"<memory>131073</memory>", 129, 129},
        {"<memory unit='MB'>128</memory>", 123, 123},
        {"<memory unit='kib'>131072</memory>", 128, 128},
        {"<memory unit='KB'>131072</memory>", 125, 125},
        {"<memory unit='b'>134217729</memory>", 129, 129},
        {"<memory unit='G'>2</memory>", 2048, 2048},
        {"<memory>1</memory>", 1, 1},
        {"<memory>262144</memory><currentMemory>131073</currentMemory>", 256,
         129},
        {"<memory>131072</memory><currentMemory>0</currentMemory>", 128, 128},
        {"<memory>131072</memory><currentMemory>262144</currentMemory>", 128,
         128},
    };
    char lines[64];

    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        snprintf(xml, sizeof(xml),
                 "<domain type='xen'><name>g</name>%s" OS "</domain>",
                 size[i].memory);
        ck_assert_int_eq(read_xml(xml, strlen(xml)), 0);
        snprintf(lines, sizeof(lines), "maxmem = %u\nmemory = %u\n",
                 size[i].maxmem, size[i].now);
        assert_lines(lines);
        forget();
    }
}
END_TEST

/* Lines are told where they came from. */
START_TEST(lines)
{
    const char text[] = DEVICES("<interface type='ethernet'/>\n"
                                "<interface type='ethernet'/>");

    ck_assert_int_eq(read_xml(text, strlen(text)), 0);
    ck_assert_uint_eq(xl.nr, 6);
    ck_assert_uint_eq(xl.line[0], 2); /* name */
    ck_assert_uint_eq(xl.line[1], 4); /* type */
    ck_assert_uint_eq(xl.line[3], 3); /* maxmem, which is put together late */
    ck_assert_uint_eq(xl.line[5], 6); /* vif */
    ck_assert_uint_eq(xl.width_line, 4);
    forget();
}
END_TEST

/* An entity of its own is read; what is elsewhere is neither fetched nor lost.
 */
START_TEST(entities)
{
    const char own[] = "<!DOCTYPE domain [<!ENTITY k 'my-k'>]>"
                       "<domain type='xen'><name>&k;</name>"
                       "<memory>131072</memory>" OS "</domain>";
    static const struct {
        const char *dtd, *name, *what;
    } other[] = {
        {"[<!ENTITY k SYSTEM 'file:///etc/hostname'>]", "x&k;",
         "entity k is elsewhere"},
        {"[<!ENTITY k SYSTEM 'file:///etc/hostname'>]", "x",
         "entity k is elsewhere"},
        {"[<!ENTITY % k SYSTEM 'file:///etc/hostname'> %k;]", "x",
         "entity k is elsewhere"},
        {"[<!ENTITY k PUBLIC 'p' 'http://localhost/k'>]", "x",
         "entity k is elsewhere"},
        {"SYSTEM 'file:///nowhere.dtd'", "x", "its DTD is elsewhere"},
        {"SYSTEM 'file:///nowhere.dtd'", "x&k;",
         "<name>: what the entity k is"},
        {"SYSTEM 'file:///nowhere.dtd'", "x<!---->&k;",
         "<name>: what the entity k is"},
        {"[<!ENTITY % p ''> %p;]", "x</name><name a='&j;'>x",
         "<domain>: an entity in it is not known"},
        {"[%p;]", "x</name><name a='&j;'>x", "Entity 'j' not defined"},
    };

    ck_assert_int_eq(read_xml(own, strlen(own)), 0);
    assert_lines("name = \"my-k\"\n");
    forget();
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        unsigned int n = 0;

        snprintf(xml, sizeof(xml),
                 "<!DOCTYPE domain %s><domain type='xen'><name>%s</name>"
                 "<memory>131072</memory>" OS "</domain>",
                 other[i].dtd, other[i].name);
        ck_assert_int_eq(read_xml(xml, strlen(xml)), -EINVAL);
        while (n < xl.faults && !strstr(xl.fault[n].what, other[i].what))
            n++;
        ck_assert_msg(n < xl.faults, "%s: %s", other[i].what, xl.fault[0].what);
        forget();
    }
}
END_TEST

/* More cells than are read are one fault, however many they are. */
START_TEST(many_cells)
{
    for (unsigned int nr = 64; nr < 2000; nr += 1000) {
        size_t at = (size_t)sprintf(xml, HEAD OS "<cpu><numa>");

        for (unsigned int i = 0; i < nr; i++)
            at += (size_t)sprintf(xml + at, "<cell id='%u' memory='1024'/>", i);
        strcpy(xml + at, "</numa></cpu></domain>");
        ck_assert_int_eq(read_xml(xml, strlen(xml)), nr > 64 ? -EINVAL : 0);
        ck_assert_uint_eq(xl.faults, nr > 64);
        forget();
    }
}
END_TEST

/* ---- without memory ---- */

/* How many more calls succeed. */
static unsigned int left = UINT_MAX;
static bool late; /* streams are there, and fail when they are closed */

static bool fails_now(void)
{
    return left == 0 || (left != UINT_MAX && left-- == 0);
}

FILE *open_memstream(char **text, size_t *len)
{
    union {
        void *object;
        FILE *(*call)(char **text, size_t *len);
    } real = {dlsym(RTLD_NEXT, "open_memstream")};

    if (!fails_now())
        return real.call(text, len);
    *text = late ? calloc(1, 1) : NULL;
    *len = 0;
    return late ? fopen("/dev/full", "w") : NULL;
}

static void *xml_malloc(size_t size)
{
    return fails_now() ? NULL : malloc(size);
}

static void *xml_realloc(void *old, size_t size)
{
    return fails_now() ? NULL : realloc(old, size);
}

static char *xml_strdup(const char *text)
{
    return fails_now() ? NULL : strdup(text);
}

static void say_nothing(void *to, const char *fmt, ...)
{
    (void)to, (void)fmt;
}

/* It is said, wherever it happens; nothing is lost in silence. */
static void run_out(const char *text, char *whole)
{
    unsigned int n = 0;
    int rc;

    do {
        left = n++;
        rc = read_xml(text, strlen(text));
        if (rc == 0)
            ck_assert_str_eq(xl.text, whole);
        else
            ck_assert_msg(rc == -ENOMEM, "%u: %d, %s", n, rc, xl.fault[0].what);
        forget();
    } while (rc && n < 5000);
    left = UINT_MAX;
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_gt(n, 1);
}

START_TEST(no_memory)
{
    const char *text = good[_i].xml;
    char *whole;

    ck_assert_int_eq(read_xml(text, strlen(text)), 0);
    whole = strdup(xl.text);
    forget();
    run_out(text, whole);
    late = true;
    run_out(text, whole);
    late = false;
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlCleanupParser();
    xmlMemSetup(free, xml_malloc, xml_realloc, xml_strdup);
    run_out(text, whole);
    free(whole);
}
END_TEST

/* Whatever becomes of good XML, it is read or refused. */
START_TEST(damaged)
{
    struct unit_random r = {.state = 20261128};

    for (unsigned int n = 0; n < 4000; n++) {
        const char *from = good[n % (sizeof(good) / sizeof(good[0]))].xml;
        size_t len = strlen(from);
        int rc;

        memcpy(xml, from, len);
        for (unsigned int i = 0; i < 1 + n % 4; i++)
            xml[unit_below(&r, len)] = "<>'\"&; ax0\n"[unit_below(&r, 11)];
        if (n % 5 == 0)
            len = unit_below(&r, len);
        rc = read_xml(xml, len);
        ck_assert(rc == 0 || rc == -EINVAL);
        ck_assert_int_eq(xl.faults > 0, rc != 0);
        forget();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("libvirt");
    TCase *tc = tcase_create("libvirt");

    tcase_add_loop_test(tc, means_the_same, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, refused, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, all_at_once);
    tcase_add_test(tc, quotes);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, entities);
    tcase_add_test(tc, damaged);
    tcase_add_test(tc, many_cells);
    tcase_add_loop_test(tc, no_memory, 0, sizeof(good) / sizeof(good[0]));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
