#include "cli/comparing.h"
#include "cli/message.h"

#include <math.h>
#include <string.h>

static const double redraw_seconds = 0.1, line_seconds = 2;

/* "device 1, NAME" or "driver NAME". */
static void name_device(const cln_comparing *c, size_t index, char to[160])
{
    const cln_device_info *device = &c->devices[index].device;
    if (device->index < 0)
        snprintf(to, 160, "driver %s", device->name);
    else
        snprintf(to, 160, "device %d, %s", device->index, device->name);
}

void cln_compare_show(cln_comparing *c, size_t index, const char *doing)
{
    char name[160], text[512];
    double now = cln_os_seconds(), left = fmax(0, c->began + c->budget - now);
    if (doing && (strcmp(doing, c->shown) != 0 || c->shown_index != index)) {
        c->shown_index = index;
        snprintf(c->shown, sizeof c->shown, "%s", doing);
        c->is_new = true;
    }
    if (cln_message_is_quiet() || now - c->drawn < (c->terminal ? redraw_seconds : line_seconds) ||
        (!c->terminal && !c->is_new))
        return;
    c->drawn = now;
    c->is_new = false;
    name_device(c, index, name);
    snprintf(text, sizeof text, left > 0 ? "%s: %s, %.0f s left" : "%s: %s", name, c->shown, ceil(left));
    if (c->terminal)
        cln_message_live(text);
    else
        cln_message_note("%s", text);
}

void cln_compare_note(cln_comparing *c, size_t index, const char *what)
{
    char name[160];
    name_device(c, index, name);
    if (!cln_message_is_quiet())
        cln_message_erase_live();
    cln_message_note("%s: %s", name, what);
}
