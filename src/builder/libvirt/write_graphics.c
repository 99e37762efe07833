/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "libvirt/write_devices.h"

/* The first of VNC's ports. */
#define VNC_PORT 5900

/* Yes, no, or what libxl takes where neither is said. */
static bool is_set(const struct setting *vfb, const char *part, bool missing)
{
    const char *text = setting_text(vfb, part);

    return text ? atoi(text) != 0 : missing;
}

static void write_port(struct writer *w, xmlNodePtr node,
                       const struct setting *vfb)
{
    const char *display = setting_text(vfb, "vncdisplay");
    long n = display ? strtol(display, NULL, 10) : 0;

    if (is_set(vfb, "vncunused", true)) {
        add_attribute(w, node, "port", "-1");
        add_attribute(w, node, "autoport", "yes");
        if (!setting_find(vfb, "vncunused"))
            note(w, "xl looks for a free display%s; libvirt would not",
                 n ? " from vncdisplay on, which is left out" : "");
    } else if (n < 0 || n > 65535 - VNC_PORT) {
        note_refused(w, "there is no display %ld", n);
    } else {
        if (display)
            add_formatted(w, node, "port", "%ld", VNC_PORT + n);
        add_attribute(w, node, "autoport", "no");
    }
}

static void write_vnc(struct writer *w, xmlNodePtr node,
                      const struct setting *vfb)
{
    const char *address = setting_text(vfb, "vnclisten");
    const char *passwd = setting_text(vfb, "vncpasswd");
    xmlNodePtr listen;

    add_attribute(w, node, "type", "vnc");
    write_port(w, node, vfb);
    add_attribute(w, node, "listen", address);
    add_attribute(w, node, "keymap", setting_text(vfb, "keymap"));
    add_attribute(w, node, "passwd", passwd);
    if (passwd)
        note(w, "the password is in the XML; libvirt would drop it");
    listen = add_element(w, node, "listen", NULL);
    add_attribute(w, listen, "type", "address");
    add_attribute(w, listen, "address", address);
}

static void write_framebuffer(struct writer *w, const struct setting *vfb)
{
    bool vnc = is_set(vfb, "vnc", true), sdl = is_set(vfb, "sdl", false);
    const char *type = setting_text(vfb, "type");
    bool other = type && !strcmp(type, "sdl");
    xmlNodePtr node = add_element(w, w->devices, "graphics", NULL), video;

    check_parts(w, vfb);
    if (vnc && sdl)
        note_refused(w, "libvirt has either VNC or SDL");
    else if (!vnc && !sdl)
        note_refused(w, "libvirt has no framebuffer without VNC and SDL");
    if (is_set(vfb, "opengl", false))
        note_refused(w, "libvirt has no way to say opengl");
    if (other != sdl)
        note(w, "xl makes it %s; libvirt would %s", sdl ? "SDL" : "VNC",
             sdl ? "VNC" : "SDL");
    if (vnc) {
        write_vnc(w, node, vfb);
    } else {
        add_attribute(w, node, "type", "sdl");
        add_attribute(w, node, "display", setting_text(vfb, "display"));
        add_attribute(w, node, "xauth", setting_text(vfb, "xauthority"));
    }
    video = add_element(w, w->devices, "video", NULL);
    video = add_element(w, video, "model", NULL);
    add_attribute(w, video, "type", "xen");
    add_attribute(w, video, "vram", "4096");
    add_attribute(w, video, "heads", "1");
    add_attribute(w, video, "primary", "yes");
}

static const char *const top_level[] = {
    "vnc", "vnclisten", "vncpasswd", "vncdisplay", "vncunused",
    "sdl", "opengl",    "display",   "xauthority", "keymap"};

/* The keys outside of vfb, as one; false: no memory. */
static bool gather(struct writer *w, struct setting *vfb)
{
    for (size_t i = 0; i < sizeof(top_level) / sizeof(top_level[0]); i++) {
        const struct setting *s = take(w, top_level[i]);

        if (s && s->text && !setting_put(vfb, top_level[i], s->text))
            return false;
    }
    w->now = setting_find(w->all, "vnc");
    return true;
}

void write_graphics(struct writer *w)
{
    const struct setting *list = take(w, "vfb");
    const struct setting *vnc = setting_find(w->all, "vnc");
    struct setting vfb = {.kind = SETTING_PARTS};

    if (list && list->n > 1)
        note_refused(w, "libvirt has one framebuffer, not %u", list->n);
    else if (list && list->item[0].kind == SETTING_PARTS)
        write_framebuffer(w, &list->item[0]);
    if (!vnc || !vnc->text || !is_on(vnc->text))
        return;
    vnc = take(w, "vnc");
    if (list) {
        note(w, "xl ignores it beside vfb; it is left out");
        return;
    }
    note(w, "xl makes a framebuffer of it; libvirt would not");
    if (gather(w, &vfb))
        write_framebuffer(w, &vfb);
    else
        w->no_memory = true;
    setting_dispose(&vfb);
}
