#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "report/gnuplot.h"

#include "base/os.h"
#include "report/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Far beyond what a picture takes. */
#define MOST_BYTES   (64u << 20)
#define MOST_SECONDS 120

const char *const cln_picture_colours[CLN_PICTURE_COLOURS] = {"0072b2", "d55e00", "009e73", "cc79a7",
                                                              "e69f00", "56b4e9", "000000"};

cln_status cln_script_begin(cln_script *script, const cln_canvas *canvas, cln_error *error)
{
    *script = (cln_script){0};
    script->stream = open_memstream(&script->text, &script->length);
    if (!script->stream)
        return cln_fail_memory(error, "a picture's script", 0);
    fprintf(script->stream, "set encoding utf8\n");
    if (canvas->form == CLN_PICTURE_SVG)
        fprintf(script->stream,
                "set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,15' name '%s' background '#ffffff'\n",
                canvas->width, canvas->height, canvas->name);
    else
        fprintf(script->stream, "set terminal pngcairo size %u,%u noenhanced font 'sans-serif,11'\n", canvas->width,
                canvas->height);
    for (size_t i = 0; i < CLN_PICTURE_COLOURS; i++)
        fprintf(script->stream, "set linetype %zu linecolor rgb '#%s' linewidth 2\n", i + 1, cln_picture_colours[i]);
    fprintf(script->stream, "set linetype cycle %d\nset datafile missing 'NaN'\n", CLN_PICTURE_COLOURS);
    return CLN_OK;
}

/* Every sign by its number: of signs themselves, gnuplot takes backquotes for commands even within quotes, and quotes at the beginning
   of a text for its end. A digit behind a number would become part of it. */
void cln_script_text(cln_script *script, const char *text)
{
    char harmless[1024];
    cln_text_harmless(harmless, sizeof harmless, text);
    bool number = false;
    fputc('"', script->stream);
    for (const char *c = harmless; *c; c++) {
        bool digit = isdigit((unsigned char)*c);
        number = (!isalnum((unsigned char)*c) && *c != ' ' && (unsigned char)*c < 0x80) || (digit && number);
        fprintf(script->stream, number ? "\\%03o" : "%c", *c);
    }
    fputc('"', script->stream);
}

void cln_script_number(cln_script *script, double value)
{
    cln_text text;
    fputs(isfinite(value) ? cln_text_double(text, value) : "NaN", script->stream);
}

/* Nothing of the user's own settings, and numbers with points. */
static cln_status run(const cln_script *script, char **picture, size_t *size, cln_error *error)
{
    static const char *const argv[] = {"gnuplot", "-d", "-", NULL}, *const changes[] = {"LC_ALL=C.UTF-8", NULL};
    cln_status status;
    cln_process *process = NULL;
    cln_error failure = {0};
    status = cln_os_process_begin(&(cln_spawn){argv, changes, script->text, script->length}, &process, &failure);
    if (status != CLN_OK) {
        cln_fail(error, status, "pictures are drawn by gnuplot (Debian's package gnuplot-nox): %s", failure.message);
        goto out;
    }
    status = cln_os_process_output(process, MOST_SECONDS, MOST_BYTES, picture, size, &failure);
    if (status != CLN_OK)
        cln_fail(error, status, "gnuplot does not draw the picture: %s", failure.message);
    else if (*size == 0) {
        free(*picture);
        *picture = NULL;
        status = cln_fail(error, CLN_IO, "gnuplot does not draw the picture: %s", cln_os_process_said(process));
    }
out:
    cln_os_process_end(process);
    return status;
}

static void put_xml(FILE *to, const char *text)
{
    char harmless[1024];
    cln_text_harmless(harmless, sizeof harmless, text);
    for (const char *c = harmless; *c; c++)
        if (strchr("<>&'\"", *c))
            fprintf(to, "&#%d;", *c);
        else
            fputc(*c, to);
}

/* gnuplot calls an SVG by its name, and leaves it to the viewer whether pixels of an image run into each other. A picture that does not
   begin as they do stays as it is. */
static cln_status entitle(const char *title, char **picture, size_t *size, cln_error *error)
{
    static const char root[] = "<svg ", begin[] = "<title>", end[] = "</title>";
    char *entitled = NULL, *svg = strstr(*picture, root), *from = svg ? strstr(svg, begin) : NULL;
    char *rest = from ? strstr(from, end) : NULL;
    size_t length = 0;
    if (!rest)
        return CLN_OK;
    FILE *to = open_memstream(&entitled, &length);
    if (!to)
        return cln_fail_memory(error, "a picture", *size);
    svg += strlen(root);
    from += strlen(begin);
    fwrite(*picture, 1, (size_t)(svg - *picture), to);
    fputs("role='img' style='image-rendering:pixelated' ", to);
    fwrite(svg, 1, (size_t)(from - svg), to);
    put_xml(to, title);
    fwrite(rest, 1, *size - (size_t)(rest - *picture), to);
    if (fclose(to) != 0) {
        free(entitled);
        return cln_fail_memory(error, "a picture", *size);
    }
    free(*picture);
    *picture = entitled;
    *size = length;
    return CLN_OK;
}

void cln_script_entitle(cln_script *script, const char *title)
{
    script->title = title;
}

cln_status cln_script_draw(cln_script *script, char **picture, size_t *size, cln_error *error)
{
    cln_status status;
    *picture = NULL;
    *size = 0;
    if (fflush(script->stream) != 0 || ferror(script->stream))
        return cln_fail_memory(error, "a picture's script", script->length);
    status = run(script, picture, size, error);
    if (status == CLN_OK && script->title)
        status = entitle(script->title, picture, size, error);
    if (status != CLN_OK) {
        free(*picture);
        *picture = NULL;
        *size = 0;
    }
    return status;
}

void cln_script_release(cln_script *script)
{
    if (script->stream)
        fclose(script->stream);
    free(script->text);
    *script = (cln_script){0};
}

static bool ends_in(const char *path, const char *end)
{
    size_t length = strlen(path), count = strlen(end);
    for (size_t i = 0; i < count; i++)
        if (length <= count || tolower((unsigned char)path[length - count + i]) != end[i])
            return false;
    return true;
}

cln_status cln_picture_form_of(const char *path, cln_picture_form *form, cln_error *error)
{
    *form = ends_in(path, ".png") ? CLN_PICTURE_PNG : CLN_PICTURE_SVG;
    if (*form == CLN_PICTURE_SVG && !ends_in(path, ".svg"))
        return cln_fail(error, CLN_INVALID, "%s: pictures are .svg or .png; end the name in one of these", path);
    return CLN_OK;
}
