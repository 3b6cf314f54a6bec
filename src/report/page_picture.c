#include "report/page_parts.h"

#include "report/html.h"

#include <stdlib.h>

void cln_page_place(cln_script *script, unsigned x, unsigned y, unsigned height)
{
    /* Whole numbers, which are written alike in every locale; gnuplot divides. */
    fprintf(script->stream, "screen (%u/%d.), screen (1-%u/%u.)", x, cln_page_width, y, height);
}

unsigned cln_page_marks(cln_script *script, const cln_mark *marks, size_t count, unsigned y, unsigned height)
{
    enum { left = 16, line = 22, letter = 9, gap = 34, bottom = 8 };
    unsigned x = left, top = y;
    for (size_t i = 0; i < count; i++) {
        unsigned width = gap + letter * (unsigned)cln_text_width(marks[i].text);
        if (x > left && x + width > cln_page_width) {
            x = left;
            y += line;
        }
        if (script) {
            fputs("set label ", script->stream);
            cln_script_text(script, marks[i].text);
            fputs(" at ", script->stream);
            cln_page_place(script, x, y + line / 2, height);
            fprintf(script->stream, " left front offset 0.8,-0.35 point pointtype %u linetype %u pointsize 1.1\n",
                    marks[i].point, marks[i].line);
        }
        x += width;
    }
    return count > 0 ? y + line + bottom - top : 0;
}

cln_status cln_page_draw(cln_script *script, const cln_canvas *canvas, const char *title, FILE *to, cln_error *error)
{
    char *picture = NULL;
    size_t size;
    cln_status status = cln_script_draw(script, &picture, &size, error);
    if (status == CLN_OK)
        cln_html_picture(to, picture, canvas->width, canvas->height, canvas->name, title);
    free(picture);
    return status;
}
