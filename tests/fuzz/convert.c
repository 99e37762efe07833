/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * convert.c - configurations, as xl files and as libvirt's XML, into each
 * other.
 *
 * The input is either.  What is read and written as an xl file has to be read
 * again, and be the same file then; as XML, it has to be read as well.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/libvirt.h"
#include "config/xl.h"
#include "config/xl_write.h"

#include "fuzz.h"

/* libxlutil loses the strings before a syntax error; it is not looked at here.
 */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:xlu__cfg\nleak:libxlutil\n";
}

/* ---- what is said goes nowhere ---- */

void diag_next(struct diag *dg)
{
    dg->told = false;
}

int diag_fail(struct diag *dg, int code, int rc, const char *fmt, ...)
{
    dg->code = code;
    dg->nr++;
    (void)fmt;
    return rc;
}

void diag_warn(const char *fmt, ...)
{
    (void)fmt;
}

/* ---- the module is linked ---- */

bool config_is_xml(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && strchr(" \t\r\n", text[i]))
        i++;
    return i < len && text[i] == '<';
}

int config_libvirt_read(struct config *cfg, const char *source,
                        const char *text, size_t len, struct libvirt_xl *out,
                        struct diag *dg)
{
    int rc = libvirt_to_xl(text, len, out);

    (void)source;
    cfg->width = out->width;
    return rc ? diag_fail(dg, DW_CONFIG, rc, "XML") : 0;
}

void config_libvirt_dispose(struct libvirt_xl *out)
{
    free(out->text);
    free(out->line);
    *out = (struct libvirt_xl){0};
}

/* ---- there and back ---- */

/* 0: it is read. */
static int read_text(const void *text, size_t len, struct config *cfg)
{
    struct diag dg = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC), rc;
    char path[32];

    if (fd < 0 || write(fd, text, len) != (ssize_t)len ||
        lseek(fd, 0, SEEK_SET))
        abort();
    snprintf(path, sizeof(path), "/dev/fd/%d", fd);
    config_init(cfg);
    cfg->wants_settings = true;
    rc = config_xl_read(cfg, path, NULL, 0, &dg);
    if (!rc)
        rc = config_check(cfg, &dg);
    if ((rc != 0) != (dg.nr != 0))
        abort();
    close(fd);
    return rc;
}

/* NULL: something in it cannot be written. */
static char *as_xl(const struct config *cfg)
{
    struct diag dg = {0};
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    int rc = config_write_xl(cfg, to, &dg);

    fclose(to);
    if (!rc)
        return text;
    free(text);
    return NULL;
}

static void check_xl(const struct config *cfg)
{
    char *once = as_xl(cfg), *twice;
    struct config again;

    if (once) {
        if (read_text(once, strlen(once), &again))
            abort();
        twice = as_xl(&again);
        if (!twice || strcmp(once, twice) != 0)
            abort();
        free(twice);
        config_dispose(&again);
    }
    free(once);
}

static void check_xml(const struct config *cfg)
{
    struct libvirt_xml out;
    struct config again;
    int rc = libvirt_from_xl(&cfg->settings, 32, &out);

    if ((rc == -EINVAL) != (out.refused != 0) || (rc == 0) != (out.text != 0))
        abort();
    if (!rc) {
        if (read_text(out.text, strlen(out.text), &again))
            abort();
        config_dispose(&again);
    }
    free(out.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct config cfg;

    if (!read_text(bytes, size, &cfg)) {
        check_xl(&cfg);
        check_xml(&cfg);
    }
    config_dispose(&cfg);
    return 0;
}

/* -- seeds -- */

static const char *const seeds[] = {
    "name = \"g\"\nkernel = '/k'\nmemory = 0x80\nmaxmem = 0200\n"
    "extra = \"a \\\"b\\\"\\t\\\\n\"\nvcpus = 2\ncpus = [ \"0-3,^1\", 2 ]\n"
    "disk = [ 'phy:/dev/a,xvda,w', \"file:/b,xvdb:disk,r\",\n # c\n"
    "\"vdev=xvdd,format=qcow2,discard,target=/y, z\" ]\non_crash = "
    "\"preserve\"",
    "name = 'g'; kernel = '/k'; memory = 64\n"
    "vif = [ '', 'bridge=b:1:2,mac=00-16-3e-0-0-1,rate=10MB/s@20ms,"
    "ip=10.0.0.1/24 fe80::1', 'type=vif,model=e,vifname=v,script=/x' ]\n"
    "pci = [ '01:02.3,permissive=1', '0000:02:00.0@5' ]\nvnc = 1\n"
    "channel = [ 'connection=socket,name=c, path = /s' ]\npci_seize = 1\n",
    "name = 'g'\nkernel = '/k'\nmaxvcpus = 2\ncpuid = 'host,sse3=0,htt=x'\n"
    "vnuma = [ [ 'pnode=0', 'size=64', 'vcpus=0', 'vdistances=10,20' ],\n"
    "[ 'pnode=1', 'size=64', 'vcpus=1', 'vdistances=20,10' ] ]\n"
    "vfb = [ 'vncunused=0,vncdisplay=3,keymap=de,vncpasswd=x' ]\n"
    "usbctrl = [ 'type=qusb,version=1' ]\ntsc_mode = 2\n"
    "usbdev = [ 'hostbus=1,hostaddr=3' ]\nlocaltime = 1\n",
    "name = 'g'\nbootloader = 'pygrub'\nbootloader_args = [ '-q' ]\n"
    "memory = 1\nmax_grant_frames = 40\ne820_host = 1\ncpus = 'all,^0'\n"
    "passthrough = 'sync_pt'\ndevice_model_args = [ 'a b' ]\ncpu_weight = 5\n",
    "<domain type='xen'><name>g</name><memory>131072</memory><vcpu current='1'>"
    "2</vcpu><os><type arch='i686'>linux</type><kernel>/k</kernel><cmdline>a "
    "&quot;\\</cmdline></os><cpu mode='host-passthrough'><feature name='pni' "
    "policy='disable'/></cpu><devices><disk type='file'><source file='/x, y'/>"
    "<target dev='xvda'/></disk><interface type='bridge'><source bridge='b'/>"
    "</interface><controller type='usb' model='qusb2'/><graphics type='vnc' "
    "autoport='no'/></devices></domain>",
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
