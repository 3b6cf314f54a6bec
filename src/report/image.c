#include "report/image.h"

/* gnuplot draws no image of a single row or column: it is given twice, each half as thick. */
static uint32_t times(uint32_t size)
{
    return size > 1 ? 1 : 2;
}

void cln_image_values(cln_script *script, size_t index, const double *values, uint32_t height, uint32_t width)
{
    fprintf(script->stream, "$I%zu << EOD\n", index);
    for (uint32_t i = 0; i < height * times(height); i++) {
        for (uint32_t j = 0; j < width * times(width); j++)
            fprintf(script->stream, "%.5g ", values[(size_t)(i / times(height)) * width + j / times(width)]);
        fputc('\n', script->stream);
    }
    fputs("EOD\n", script->stream);
}

void cln_image_plot(cln_script *script, size_t index, uint32_t height, uint32_t width, double x, double y,
                    double across, double down)
{
    fprintf(script->stream, "$I%zu matrix using (%.9g+($1+0.5)*%.9g):(%.9g+($2+0.5)*%.9g):3 with image notitle", index,
            x, across / times(width), y, down / times(height));
}
